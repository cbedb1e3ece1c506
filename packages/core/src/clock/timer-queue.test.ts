import * as fc from "fast-check";
import { expect, it } from "vitest";
import { timerQueue } from "./timer-queue.ts";
import type { TimerQueue } from "./timer-queue.ts";

/** The obvious queue: looks at all timers each time. */
function slowQueue(): TimerQueue {
  let timers: { at: number; order: number; callback: () => void }[] = [];
  let order = 0;
  return {
    add(at: number, callback: () => void) {
      const timer = { at, order: order++, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    next() {
      const first = timers.toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
      timers = timers.filter((other) => other !== first);
      return first ?? null;
    },
  };
}

type Action =
  | { readonly type: "add"; readonly at: number }
  | { readonly type: "cancel"; readonly which: number }
  | { readonly type: "next" };

/** The names of the timers in the order in which a queue gives them out. */
function played(queue: TimerQueue, actions: readonly Action[]): number[] {
  const fired: number[] = [];
  const cancels: (() => void)[] = [];
  const fire = () => {
    const next = queue.next();
    next?.callback();
    return next !== null;
  };
  for (const action of actions) {
    if (action.type === "next") fire();
    else if (action.type === "cancel") cancels[action.which % Math.max(1, cancels.length)]?.();
    else {
      const name = cancels.length;
      cancels.push(queue.add(action.at, () => fired.push(name)));
    }
  }
  while (fire());
  return fired;
}

it("gives out the same timers in the same order as a queue that looks at all of them", () => {
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant("add" as const), at: fc.nat(20) }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant("cancel" as const), which: fc.nat() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("next" as const) }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 600, size: "max" }), (actions) => {
      expect(played(timerQueue(), actions)).toEqual(played(slowQueue(), actions));
    }),
  );
});
