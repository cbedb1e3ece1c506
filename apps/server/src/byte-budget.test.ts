import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { byteBudget } from "./byte-budget.ts";

describe("a budget of bytes", () => {
  it("[TR16] is never overdrawn, serves everybody, and in order", async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 30 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(sizes, async (wanted) => {
        const budget = byteBudget(20);
        const order: number[] = [];
        let held = 0;
        let most = 0;
        await Promise.all(
          wanted.map((bytes, k) =>
            budget.spend(bytes, async () => {
              order.push(k);
              held += Math.min(bytes, 20);
              most = Math.max(most, held);
              await Promise.resolve();
              held -= Math.min(bytes, 20);
            }),
          ),
        );
        expect(most).toBeLessThanOrEqual(20);
        expect(order).toEqual(wanted.map((_, k) => k));
      }),
    );
  });

  it("[TR16] gives back what failed work had", async () => {
    const budget = byteBudget(1);
    await expect(budget.spend(1, () => Promise.reject(new Error("failed")))).rejects.toThrow();
    expect(await budget.spend(1, () => Promise.resolve("done"))).toBe("done");
  });
});
