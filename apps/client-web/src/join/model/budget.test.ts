import { describe, expect, test } from "vitest";
import { invitation, promise, standing } from "../test-support/fixture.ts";
import { budgetView } from "./budget.ts";

const settings = { budgetEpsilon: 8 };

describe("the privacy budget of a file", () => {
  test("used, planned and left are the whole", () => {
    const view = budgetView(invitation, standing, settings);
    expect(view?.keys).toEqual({
      used: "1.20 used by earlier runs",
      planned: "up to 3.00 for this run",
      left: "3.80 left afterwards",
    });
    expect(view?.total).toBe("8.00 in total");
    expect(view?.used).toBeCloseTo(0.15, 9);
    expect(view?.planned).toBeCloseTo(0.375, 9);
    expect(view?.isOver).toBe(false);
  });

  test("before a file is chosen nobody knows what is used", () => {
    const view = budgetView(invitation, null, settings);
    expect(view?.keys.used).toBeNull();
    expect(view?.keys.left).toBe("5.00 left afterwards");
    expect(view?.foot).toContain("shown once you chose the file");
  });

  test("without a limit of its own the device only counts", () => {
    const view = budgetView(invitation, { ...standing, budget: null }, { budgetEpsilon: null });
    expect(view?.total).toBe("no limit of your own");
    expect(view?.keys.left).toBeNull();
    expect((view?.used ?? 0) + (view?.planned ?? 0)).toBeCloseTo(1, 9);
  });

  test("a run that needs more than is left says so", () => {
    const view = budgetView(invitation, { ...standing, budget: 4 }, { budgetEpsilon: 4 });
    expect(view?.isOver).toBe(true);
    expect(view?.keys.left).toBe("0.20 more than is left");
    expect((view?.used ?? 0) + (view?.planned ?? 0)).toBeLessThanOrEqual(1);
  });

  test("runs that charge no record of this device have no budget", () => {
    const userLevel = { ...promise, mode: "user-level", unit: "user" } as const;
    expect(budgetView({ privacy: { mode: "none" } }, null, settings)).toBeNull();
    expect(budgetView({ privacy: userLevel }, null, settings)).toBeNull();
  });
});
