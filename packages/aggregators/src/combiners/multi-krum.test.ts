/** Krum's choice where it can be seen by hand. */
import { describe, expect, it } from "vitest";
import { combined, updateOf } from "../test-support/combined.ts";
import { multiKrum } from "./multi-krum.ts";

async function kept(values: readonly number[], options = {}): Promise<number[]> {
  const updates = values.map((value, index) => updateOf(index, [value]));
  return (await combined(multiKrum, updates, options)).updates.map(({ index }) => index);
}

describe("multi-krum", () => {
  it("counts n - f - 2 neighbours, itself not among them: two liars side by side gain nothing", async () => {
    // Scores of two neighbours: 100, 99.8, 5, 2, 5.
    expect(await kept([0, 0.01, 10, 11, 12], { keptClients: 1 })).toEqual([3]);
    expect(await kept([0, 0.01, 10, 11, 12])).toEqual([2, 3]);
  });

  it("[FW5] gives equal scores to the lower participantIndex, whoever came first", async () => {
    const updates = [4, 2, 0, 3, 1].map((index) => updateOf(index, [7, 7]));
    const { updates: got } = await combined(multiKrum, updates, { keptClients: 2 });
    expect(got.map(({ index }) => index)).toEqual([0, 1]);
  });

  it("keeps at most n - f - 2, whatever is asked for", async () => {
    const values = [1, 2, 3, 4, 5, 6, 7];
    expect(await kept(values, { keptClients: 100 })).toHaveLength(4);
    expect(await kept(values, { byzantineClients: 2, keptClients: 100 })).toHaveLength(3);
    expect(await kept(values, { keptClients: 3 })).toHaveLength(3);
  });

  it("weighs what it keeps alike", async () => {
    const updates = [1, 2, 3, 4, 50].map((value, index) => updateOf(index, [value], 10 ** index));
    const { updates: got, closed, metrics } = await combined(multiKrum, updates);
    expect(got.map(({ weight }) => weight)).toEqual([1, 1]);
    expect(closed).toMatchObject({ accepted: 2, totalWeight: 2, round: 3 });
    expect(metrics).toEqual({ combinerUpdates: 5, combinerKept: 2 });
  });
});
