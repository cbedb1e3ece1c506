import { rngFromSeed } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import { epochBatches, padBatch, sortedBatches } from "./batch.ts";

const lengths = Array.from({ length: 203 }, (_, index) => 1 + ((index * 37) % 90));

describe("batches", () => {
  test("[DA5] an epoch has every row once, from the seed alone", () => {
    const first = epochBatches(lengths, 8, rngFromSeed(1));
    expect(first.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, index) => index));
    expect(epochBatches(lengths, 8, rngFromSeed(1))).toEqual(first);
    expect(epochBatches(lengths, 8, rngFromSeed(2))).not.toEqual(first);
    expect(first.map((batch) => batch.length).filter((size) => size !== 8)).toEqual([3]);
  });

  test("[DA5] lengths within a batch are alike, batches are not in order of length", () => {
    const padded = (batches: readonly (readonly number[])[]) =>
      batches.reduce(
        (sum, batch) => sum + batch.length * Math.max(...batch.map((index) => lengths[index] ?? 0)),
        0,
      );
    const shuffled = rngFromSeed(1).shuffle(lengths.map((_, index) => index));
    const plain = Array.from({ length: 26 }, (_, index) =>
      shuffled.slice(8 * index, 8 * index + 8),
    );
    const grouped = epochBatches(lengths, 8, rngFromSeed(1));
    expect(padded(grouped)).toBeLessThan(0.8 * padded(plain));
    expect(grouped).not.toEqual(sortedBatches(lengths, 8));
  });

  test("[DA5] padding goes to the longest text, or to a multiple, but never above the model's length", () => {
    const example = (size: number) => ({
      ids: new Int32Array(size).fill(7),
      types: new Int32Array(size),
      label: 1,
    });
    const batch = padBatch([example(3), example(9)], { padId: 1, maxTokens: 40 });
    expect(batch).toMatchObject({ batch: 2, length: 9, tokens: 12 });
    expect([...batch.ids.slice(0, 5)]).toEqual([7, 7, 7, 1, 1]);
    expect([...batch.mask.slice(0, 5)]).toEqual([1, 1, 1, 0, 0]);
    const rounded = (maxTokens: number) =>
      padBatch([example(9)], { padId: 1, maxTokens, multiple: 8 }).length;
    expect([rounded(40), rounded(10), rounded(4)]).toEqual([16, 10, 9]);
  });
});
