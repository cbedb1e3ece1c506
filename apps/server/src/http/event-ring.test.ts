import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventRing } from "./event-ring.ts";

function ringOf(capacity = 3, admit: () => void = () => undefined) {
  let now = "nothing";
  const ring = eventRing<string>({
    ...{ name: "r", capacity, admit, current: () => [`now ${now}`], missed: "missed" },
    weigh: (event) => Number(event.split(" of ")[1] ?? 1),
  });
  return {
    ...ring,
    push(event: string) {
      now = event;
      ring.push(event);
    },
  };
}

/** Reads until it is ended or stopped. */
function reader() {
  const heard: string[] = [];
  const ids: (string | null)[] = [];
  return {
    heard,
    ids,
    event(event: string, id: string | null) {
      heard.push(event);
      ids.push(id);
    },
    end(forGood: boolean) {
      heard.push(forGood ? "the end" : "break");
    },
  };
}

function stopped(stop: (() => void) | null): null {
  stop?.();
  return null;
}

describe("a ring of events", () => {
  it("[AP4] starts a new reader with how things are, and then tells what happens", () => {
    const ring = ringOf();
    ring.push("a");
    const one = reader();
    ring.read(null, one);
    ring.push("b");
    expect(one.heard).toEqual(["now a", "b"]);
    expect(one.ids).toEqual(["r-1", "r-2"]);
  });

  it("[AP4] any reader that breaks off and comes back hears each event once, or is told that some are gone", () => {
    const step = fc.constantFrom("push", "stop", "read");
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        (steps, capacity) => {
          const ring = ringOf(capacity);
          const one = reader();
          let stop: (() => void) | null = null;
          let pushed = 0;
          for (const what of steps) {
            if (what === "push") ring.push(String(++pushed));
            else if (what === "stop") stop = stopped(stop);
            else stop ??= ring.read(one.ids.findLast((id) => id !== null) ?? "r-0", one);
          }
          stop?.();
          ring.read(one.ids.findLast((id) => id !== null) ?? "r-0", one);
          let next = 1;
          for (const event of one.heard) {
            if (event === "missed") continue;
            if (event.startsWith("now ")) next = Number(event.slice(4)) + 1;
            else expect(event).toBe(String(next++));
          }
          expect(next).toBe(pushed + 1);
        },
      ),
    );
  });

  it.each(["other-1", "r-99", "r-", "r--1", "r-1e0", "", "r-0"])(
    "[AP4] tells a reader with id %j that it missed something, when it did",
    (id) => {
      const ring = ringOf(2);
      for (const event of ["a", "b", "c"]) ring.push(event);
      const one = reader();
      ring.read(id, one);
      expect(one.heard).toEqual(["missed", "now c"]);
      expect(one.ids).toEqual([null, "r-3"]);
    },
  );

  it("[AP4] ends its readers, and later ones after what they missed", () => {
    const ring = ringOf();
    const [early, late, over] = [reader(), reader(), reader()];
    ring.read(null, early);
    ring.push("a");
    ring.end(true);
    ring.push("b");
    ring.read("r-0", late);
    expect(early.heard).toEqual(["now nothing", "a", "the end"]);
    expect(late.heard).toEqual(["a", "the end"]);
    expect([ring.isOver("r-1"), ring.isOver("r-0"), ring.isOver(null)]).toEqual([
      true,
      false,
      false,
    ]);
    ring.read("r-1", over);
    expect(over.heard).toEqual(["the end"]);
  });

  it("[AP4] holds as much as it may: heavy events push out several light ones, and stay themselves", () => {
    const ring = ringOf(4);
    for (const event of ["a", "b", "c of 3"]) ring.push(event);
    const [gone, there, heavy] = [reader(), reader(), reader()];
    ring.read("r-0", gone);
    ring.read("r-1", there);
    expect([gone.heard, there.heard]).toEqual([
      ["missed", "now c of 3"],
      ["b", "c of 3"],
    ]);
    ring.push("d of 9");
    ring.read("r-3", heavy);
    expect(heavy.heard).toEqual(["d of 9"]);
  });

  it("[AP4] gives an id with the last of several events that say how things are", () => {
    const all = { name: "r", capacity: 3, admit: () => undefined, missed: "missed" };
    const ring = eventRing<string>({ ...all, current: () => ["state", "members"] });
    const one = reader();
    ring.read(null, one);
    expect([one.heard, one.ids]).toEqual([
      ["state", "members"],
      [null, "r-0"],
    ]);
  });

  it("lets no reader in where none is admitted", () => {
    const ring = ringOf(3, () => {
      throw new RangeError("full");
    });
    expect(() => ring.read(null, reader())).toThrow("full");
    expect(ring.readers()).toBe(0);
  });
});
