/** Rows of a run for tests. */
import { clientId, digest, runId } from "@fedtune/core";
import type { Digest, RoundRow, RunRow, UpdateRow } from "@fedtune/core";
import { createHash } from "node:crypto";

export const run = runId("durable");

export const hashOf = (text: string): Digest =>
  digest(createHash("sha256").update(text).digest("hex"));

export const runRow: RunRow = {
  id: run,
  configHash: hashOf("config"),
  config: { name: "durable" },
};

export const ada = clientId("ada");

/** One hundred participants wait for one another. */
export const attemptOf = (round: number, attempt = 1) => ({
  ...{ round, attempt, target: 100 },
  cohort: Array.from({ length: 100 }, (_, index) => index),
});

export function updateOf(round: number, index: number, attempt = 1): UpdateRow {
  return {
    ...{ round, attempt, index, examples: 10, norm: 1 / 3, metrics: { loss: 0.1 + index } },
    blob: { hash: hashOf(`update ${round}/${index}`), bytes: 400_000 },
  };
}

export function roundOf(round: number, overrides: Partial<RoundRow> = {}): RoundRow {
  return {
    ...{ round, attempt: 1, sampled: 100, accepted: [0, 1], refusals: {}, declined: 0, gone: 0 },
    ...{ training: { loss: 0.1 + 0.2 }, method: {}, seconds: 0.125, privacy: null },
    aggregationError: { total: 0, reason: null, standardError: 0, modules: {} },
    traffic: { bytesUp: 2 ** 40, bytesDown: 1, controlBytesUp: 2, controlBytesDown: 3 },
    state: { hash: hashOf(`state ${round}`), bytes: 12 },
    parts: [],
    adapters: [{ rank: 2, hash: hashOf(`values ${round}`), model: hashOf(`model ${round}`) }],
    ...overrides,
  };
}

/** The bytes whose hash is {@link hashOf} the text. */
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
