import { describe, expect, test } from "vitest";
import { invitation, promise } from "../test-support/fixture.ts";
import { promiseOf, promiseView } from "./promise.ts";
import type { PromiseCase } from "./promise.ts";
import { runSlots } from "./run-words.ts";

const slots = runSlots(invitation);
const view = (promised: PromiseCase) => promiseView(promised, slots);

describe("which case a run is", () => {
  test.each([
    [{ mode: "none" } as const, "none"],
    [promise, "record"],
    [
      { ...promise, mode: "user-level", unit: "user", whoAddsNoise: "coordinator" } as const,
      "server",
    ],
    [{ ...promise, mode: "user-level", unit: "user", whoAddsNoise: "clients" } as const, "shared"],
    [{ ...promise, isSeeded: true }, "simulation"],
  ] as const)("%o", (privacy, kind) => {
    expect(promiseOf({ privacy }).kind).toBe(kind);
  });

  test("a server cannot say more than its epsilon allows", () => {
    const { rightOutOf100 } = { rightOutOf100: 99 };
    const found = promiseOf({ privacy: { ...promise, epsilon: 0.5, rightOutOf100 } });
    expect(found).toEqual({ kind: "record", odds: { rightOutOf100: 63, isRough: true } });
  });
});

describe("what a promise says", () => {
  test("noise of this device: the odds, and whom it holds against", () => {
    const { title, odds, box } = view(promiseOf({ privacy: promise }));
    expect(title).toBe("Could someone tell that one of your messages was used?");
    expect(odds?.bars.map(({ value }) => value)).toEqual([50, 65, 100]);
    expect(odds?.foot).toContain("even if the organiser is not honest");
    expect(odds?.verdict).toBe("That is somewhat better than a coin.");
    expect(box).toBeNull();
  });

  test("noise of the server: it does not hold against the organiser", () => {
    const { title, odds } = view({ kind: "server", odds: { rightOutOf100: 58, isRough: true } });
    expect(title).toBe("Could someone tell that you took part?");
    expect(odds?.foot).toContain("**not from the organiser**");
    expect(odds?.verdict).toContain("by a rough bound");
  });

  test("a masked sum: how many devices are added up", () => {
    const { odds } = view({
      kind: "masked",
      odds: { rightOutOf100: 58, isRough: false },
      devices: 20,
    });
    expect(odds?.foot).toContain("at least 20 devices");
  });

  test.each(["none", "simulation"] as const)("%s: no odds, and a box that asks", (kind) => {
    const { odds, box, text } = view({ kind });
    expect(odds).toBeNull();
    expect(box).toContain(slots.organiser);
    expect(text.length).toBeGreaterThan(40);
  });
});
