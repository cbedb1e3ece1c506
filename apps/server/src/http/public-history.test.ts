import { digest, runId } from "@fedtune/core";
import type { RoundRow, RunHistory } from "@fedtune/core";
import { expect, test } from "vitest";
import { publicHistory } from "./public-history.ts";

const hash = digest("a".repeat(64));
const row: RoundRow = {
  round: 1,
  attempt: 1,
  sampled: 3,
  accepted: [0, 2],
  refusals: { "not-finite": 1 },
  declined: 0,
  gone: 1,
  training: { examples: 2 },
  method: { updateNorm: 1 },
  aggregationError: { total: null, reason: "not measured", standardError: null, modules: {} },
  privacy: { metrics: { clipNorm: 1 }, events: [], state: "secret" },
  traffic: { bytesUp: 200, bytesDown: 1, controlBytesUp: 2, controlBytesDown: 3 },
  seconds: 5,
  state: { hash, bytes: 1 },
  parts: [],
  adapters: [{ rank: 2, hash, model: hash }],
};
const history: RunHistory = {
  run: { id: runId("r"), configHash: hash, config: {} },
  status: "completed",
  failure: null,
  rounds: [row, { ...row, round: 2, privacy: null }],
  evaluations: [],
  attempts: [{ round: 1, attempt: 1, cohort: [0, 1, 2], target: 1 }],
  refusals: [{ round: 1, attempt: 1, index: 2, hash, code: "not-finite", message: "NaN" }],
};

test("[DP29] the secrets of the noise stay with the coordinator", () => {
  const told = publicHistory(history, { privacy: { mode: "none" } });
  expect(JSON.stringify(told)).not.toContain("secret");
  const { privacy: _secret, ...rest } = row;
  expect(told.rounds[0]).toEqual({ ...rest, privacy: { metrics: { clipNorm: 1 } } });
  expect(told.rounds[1]).toMatchObject({ privacy: null });
  expect(told.attempts).toEqual(history.attempts);
});

test("[DP29] where clients are protected as a whole, nobody is told who took part or how many", () => {
  const told = publicHistory(history, { privacy: { mode: "user-level" } });
  expect(told).toMatchObject({ attempts: [], refusals: [] });
  const other = { ...row, sampled: 1, accepted: [1], refusals: {}, gone: 0, seconds: 9 };
  const traffic = { ...row.traffic, bytesUp: 100 };
  const less = { ...history, rounds: [{ ...other, traffic, training: {} }, history.rounds[1]!] };
  expect(publicHistory(less, { privacy: { mode: "user-level" } })).toEqual(told);
  expect(told.rounds[0]).toMatchObject({ round: 1, method: { updateNorm: 1 } });
});
