/** A coordinator whose store or blobs fail or hang, or that another one replaces: it says nothing more, and nothing is lost. */
import type { CallPoint, Verdict } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { liveThrough, mortalWorld, outcomeOf } from "./test-support/mortal-world.ts";
import type { MortalWorld } from "./test-support/mortal-world.ts";

const options = { clients: 2, config: { rounds: { numRounds: 2 } } } as const;

/** Fails or hangs at the point of that number. */
function faultAt(number: number, verdict: Verdict): (point: CallPoint) => Verdict {
  let count = 0;
  return () => (count++ === number ? verdict : "go");
}

/** What clients were told, by type. */
function told(world: MortalWorld): Set<string> {
  const down = world.heard.filter(
    ({ direction, message }) => direction === "down" && message !== "",
  );
  return new Set(down.map(({ message }) => (JSON.parse(message) as { type: string }).type));
}

const harmless = ["welcome", "order", "accepted", "finished"];
/** Whose download failed declines, and the attempt may be tried again. */
const harmlessWithBlobs = [...harmless, "cancel"];

describe("a coordinator without its store", () => {
  it.each(["fail", "hang"] as const)(
    "[RE25] [RE26] [ST7] a call that should %s, whichever, sends nobody away and costs no update",
    async (verdict) => {
      const points: CallPoint[] = [];
      const undisturbed = await liveThrough(mortalWorld(options), [
        (point) => (points.push(point), "go"),
      ]);
      for (const [number, point] of points.entries()) {
        if (point.port === "transport") continue;
        const world = mortalWorld(options);
        const outcome = await liveThrough(world, [faultAt(number, verdict)]);
        const where = JSON.stringify({ number, ...point });
        expect(outcome, where).toEqual(undisturbed);
        const fine = point.port === "blobs" ? harmlessWithBlobs : harmless;
        expect(fine, where).toEqual(expect.arrayContaining([...told(world)]));
      }
    },
    120_000,
  );

  it("[RE25] it ends nothing: the store still has the run as running, and clients that look for it hear nothing", async () => {
    const world = mortalWorld(options);
    [0, 1].forEach((index) => {
      world.start(index);
    });
    const life = world.open(({ call, moment }) =>
      call === "commitRound" && moment === "before" ? "fail" : "go",
    );
    const end = await world.clock.runUntil(life.end);
    expect(end).toMatchObject({ status: "failed", failure: { code: "storage-failed" } });
    const before = world.heard.length;
    for (let k = 0; k < 60; k++) {
      await new Promise((resolve) => setImmediate(resolve));
      world.clock.advance();
    }
    const after = world.heard.slice(before);
    expect(after.some(({ direction }) => direction === "up")).toBe(true);
    expect(
      after.filter(({ direction, message }) => direction === "down" && message !== ""),
    ).toEqual([]);
    expect(await world.store.getHistory(world.setup.id)).toMatchObject({ status: "running" });
  });
});

describe("a coordinator that is replaced while it lives", () => {
  it.each(["openAttempt", "putUpdate", "endAttempt", "getUpdates", "commitRound"])(
    "[RE25] [ST6] just before its %s: it loses the run, and the other one ends it as if there had been no first",
    async (call) => {
      const undisturbed = await liveThrough(mortalWorld(options));
      const world = mortalWorld(options);
      [0, 1].forEach((index) => {
        world.start(index);
      });
      let takeOver: () => void = () => undefined;
      const now = new Promise<void>((resolve) => (takeOver = resolve));
      let count = 0;
      const first = world.open((point) => {
        if (point.call === call && point.moment === "before" && ++count === 1) takeOver();
        return "go";
      });
      await world.clock.runUntil(now);
      const second = world.open();
      for (const name of world.names) world.network.cut(name);
      const end = await world.clock.runUntil(second.end);
      expect(await outcomeOf(world, second, end)).toEqual(undisturbed);
      const lost = await world.clock.runUntil(first.end);
      expect(lost?.failure?.code).toBe("stale-epoch");
      expect(harmless).toEqual(expect.arrayContaining([...told(world)]));
    },
  );
});
