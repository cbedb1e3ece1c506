import { rngFromSeed } from "@fedtune/core";
import { expect, test } from "vitest";
import { gaussianNoise } from "./gaussian.ts";
import { keyedKeystream, seededKeystream } from "./keystream.ts";
import type { Keystream } from "./keystream.ts";
import { treeNoise } from "./tree.ts";
import type { TreeCover } from "./tree.ts";

const draw = (keystream: Keystream) =>
  gaussianNoise(keystream, { length: 5, standardDeviation: 1 });
const keyOf = (hex: string) => Uint8Array.from(Buffer.from(hex, "hex"));

test("[DP26] noise up to a round is that of the nodes that cover it, the slow way", () => {
  const keystream = seededKeystream(rngFromSeed("tree"));
  let cover: TreeCover = [];
  const running = new Float64Array(5);
  const noiseOf = new Map<string, Float64Array>();
  /** [first, last] of every node that was ever made, by key. */
  const spans = new Map<string, readonly [number, number]>();
  for (let round = 1; round <= 33; round++) {
    const next = treeNoise(round, cover, { keystream, draw });
    const made = next.cover.at(-1)!;
    // The largest power of two that divides the round is how many rounds its new node covers.
    const size = round & -round;
    spans.set(made, [round - size + 1, round]);
    noiseOf.set(made, draw(keyedKeystream(keyOf(made))));
    cover = next.cover;
    next.noise.forEach((value, i) => (running[i]! += value));
    expect(spans.get(cover[0]!)![0]).toBe(1);
    const covered = cover.reduce(
      (sum, key) => sum + spans.get(key)![1] - spans.get(key)![0] + 1,
      0,
    );
    expect(covered).toBe(round);
    running.forEach((value, i) => {
      const wanted = cover.reduce((sum, key) => sum + noiseOf.get(key)![i]!, 0);
      expect(value).toBeCloseTo(wanted, 10);
    });
  }
  expect(new Set(spans.keys()).size).toBe(33);
});

test("[DP26] each round enters no more nodes than the accountant charges for", () => {
  const steps = 21;
  const sizes = Array.from({ length: steps }, (_, i) => [i + 1, (i + 1) & -(i + 1)] as const);
  for (let leaf = 1; leaf <= steps; leaf++) {
    const entered = sizes.filter(([last, size]) => leaf > last - size && leaf <= last).length;
    expect(entered).toBeLessThanOrEqual(Math.ceil(Math.log2(steps + 1)));
  }
});

test("a cover of another number of rounds is refused", () => {
  const keystream = seededKeystream(rngFromSeed("tree"));
  expect(() => treeNoise(3, [], { keystream, draw })).toThrow(
    expect.objectContaining({ code: "state-corrupt" }),
  );
});
