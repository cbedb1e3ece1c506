import { rngFromSeed } from "@fedtune/core";
import { expect, test } from "vitest";
import { addShare } from "./client-share.ts";
import { seededKeystream } from "./noise/keystream.ts";
import { varianceError } from "./test-support/statistics.ts";

const settings = { clipNorm: 2, noiseMultiplier: 1.5, noiseShares: 4 };
const keystream = seededKeystream(rngFromSeed("shares"));

test("[DP27] the shares of the fewest clients make up the whole noise", () => {
  const length = 20_000;
  const sum = new Float64Array(length);
  for (let client = 0; client < 4; client++) {
    const change = new Float32Array(length);
    addShare(change, settings, keystream);
    change.forEach((value, i) => (sum[i]! += value));
  }
  expect(Math.abs(varianceError(sum, (1.5 * 2) ** 2))).toBeLessThan(4);
});

test("[DP27] a client clips its own change, and one that is not finite is noise alone", () => {
  const quiet = { ...settings, noiseMultiplier: 1e-9 };
  const change = Float32Array.of(30, 40);
  addShare(change, quiet, keystream);
  expect(change[0]).toBeCloseTo(1.2, 5);
  expect(change[1]).toBeCloseTo(1.6, 5);
  const broken = Float32Array.of(Number.NaN, 1, Infinity);
  addShare(broken, quiet, keystream);
  expect(Math.max(...broken.map(Math.abs))).toBeLessThan(1e-5);
});

test("noise that is still to be found is not added", () => {
  expect(() => {
    addShare(new Float32Array(1), { ...settings, noiseShares: null }, keystream);
  }).toThrow(RangeError);
});
