/** A central evaluation that takes for ever. */
import { describe, expect, it } from "vitest";
import { liveThrough, mortalWorld } from "./test-support/mortal-world.ts";

describe("a central evaluation that does not end", () => {
  it("[RE21] is given up at its deadline: nothing is stored of it, and the run goes on", async () => {
    const world = mortalWorld({
      config: { evaluation: { evaluateTimeoutMs: 20_000 } },
      endlessEvaluations: [2],
    });
    const { end, evaluations } = await liveThrough(world);
    expect(end).toEqual({ status: "completed", failure: null });
    expect(evaluations.map(({ round }) => round)).toEqual([0, 1, 3]);
    expect(world.clock.now()).toBeGreaterThanOrEqual(20_000);
  });
});
