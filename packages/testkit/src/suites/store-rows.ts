/** Rows with which the store suite works. */
import { digest, runId } from "@fedtune/core";
import type { AttemptRow, MemberRow, RefusalRow, RoundRow, RunRow, UpdateRow } from "@fedtune/core";

/** A digest of one repeated digit. */
export const hashOf = (digit: string) => digest(digit.repeat(64));

export const run = runId("suite");

export function runRow(configHash = hashOf("a")): RunRow {
  return { id: run, configHash, config: { name: "suite", nested: { list: [1, 2.5, null] } } };
}

export function updateRow(index: number, overrides: Partial<UpdateRow> = {}): UpdateRow {
  const blob = { hash: hashOf(String(index % 10)), bytes: 64 };
  return {
    round: 1,
    attempt: 1,
    index,
    blob,
    examples: 10 + index,
    metrics: { loss: 0.1 + index },
    norm: 1 / 3,
    ...overrides,
  };
}

/** A member whose update was accepted. */
export function memberRow(index: number, overrides: Partial<MemberRow> = {}): MemberRow {
  return {
    ...{ index, status: "accepted", orderedMs: 1, startedMs: 20, uploadedMs: 300 },
    ...{ acceptedMs: 4000, refusedMs: null, bytesUp: 64, bytesDown: 128, code: null },
    ...{ message: null, examples: 10 + index, trainingSeconds: 1 / 3 },
    ...overrides,
  };
}

export function attemptRow(attempt = 1, overrides: Partial<AttemptRow> = {}): AttemptRow {
  return { round: 1, attempt, cohort: [0, 1, 2, 3], target: 2, ...overrides };
}

export function refusalRow(index: number, overrides: Partial<RefusalRow> = {}): RefusalRow {
  const code = "not-finite" as const;
  return { round: 1, attempt: 1, index, hash: hashOf("9"), code, message: "NaN", ...overrides };
}

export function roundRow(round: number, overrides: Partial<RoundRow> = {}): RoundRow {
  return {
    ...{
      round,
      attempt: 2,
      sampled: 3,
      accepted: [0, 2],
      refusals: { "not-finite": 1 },
      declined: 0,
      gone: 1,
    },
    training: { loss: 1 / 3, examples: 21 },
    method: { drift: 1e-300 },
    aggregationError: {
      total: 0.125,
      reason: null,
      standardError: 0,
      modules: { "encoder.layer.0.query": 0.25 },
    },
    privacy: {
      metrics: { clipNorm: 0.1 },
      events: [{ mechanism: "gaussian", noiseMultiplier: 1.1, steps: 1 }],
      state: '{"clipNorm":0.2}',
    },
    traffic: { bytesUp: 2 ** 40, bytesDown: 1, controlBytesUp: 2, controlBytesDown: 3 },
    seconds: 0.125,
    state: { hash: hashOf("b"), bytes: 12 },
    parts: [
      {
        id: `round/${round}`,
        blob: {
          kind: "factors",
          round,
          roles: ["down", "up"],
          kept: null,
          hash: hashOf("c"),
          bytes: 9,
        },
      },
    ],
    adapters: [{ rank: 2, hash: hashOf("d"), model: hashOf("e") }],
    ...overrides,
  };
}
