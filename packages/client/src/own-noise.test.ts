import { privacySchema } from "@fedtune/dp";
import { expect, test } from "vitest";
import { ownNoise } from "./own-noise.ts";

const shares = {
  mode: "user-level",
  expectedCohort: 4,
  noiseMultiplier: 1,
  noiseBy: "clients",
  noiseShares: 2,
  noise: "seeded",
};
const specOf = (over: object = {}) => ({ privacy: privacySchema.parse({ ...shares, ...over }) });
const plan = {
  rank: 2,
  train: ["down", "up"],
  upload: ["down", "up"],
  personal: [],
  codec: "f32",
  sparsify: null,
  coldStart: "zero",
} as const;
const order = { seed: [1, 2, 3, 4], plan } as unknown as Parameters<typeof ownNoise>[1];

function noisy(noise: ReturnType<typeof ownNoise>): Float32Array {
  const change = new Float32Array(8);
  noise?.(change);
  return change;
}

test("[DP27] a client adds a share only where the run asks it to", () => {
  expect(ownNoise(specOf({ noiseBy: "coordinator", noiseShares: null }), order, null)).toBeNull();
  expect(ownNoise({ privacy: { mode: "none" } }, order, null)).toBeNull();
  expect(noisy(ownNoise(specOf(), order, null)).every((value) => value !== 0)).toBe(true);
});

test("[DP10] seeded shares come again for the same order, and differ between orders", () => {
  const other = { ...order, seed: [1, 2, 3, 5] } as typeof order;
  const first = noisy(ownNoise(specOf(), order, null));
  expect(noisy(ownNoise(specOf(), order, null))).toEqual(first);
  expect(noisy(ownNoise(specOf(), other, null))).not.toEqual(first);
});

test("[DP27] what a client cannot protect it does not send", () => {
  const sparsify = { density: 0.5, mask: "role", dense: [], errorFeedbackRounds: 0 } as const;
  const sparse = { ...order, plan: { ...plan, sparsify } } as unknown as typeof order;
  const refusal: unknown = expect.objectContaining({ code: "config-conflict" });
  expect(() => ownNoise(specOf(), sparse, null)).toThrow(refusal);
  expect(() => ownNoise(specOf({ noise: "secure" }), order, null)).toThrow(refusal);
});
