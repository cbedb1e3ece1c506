/** One event after the other: step, then perform what the step asks for, in order. */
import { asFedtuneError } from "../errors.ts";
import type { RoundRules } from "./attempt.ts";
import { step } from "./step.ts";
import type { RoundEffect, RoundEvent, RoundState } from "./types.ts";

/** What a loop needs. */
export interface LoopOptions {
  readonly rules: RoundRules;
  /** A promise means that later effects wait for it. */
  readonly perform: (effect: RoundEffect) => Promise<void> | undefined;
  readonly changed: (state: RoundState, event: RoundEvent) => void;
}

/** A running loop. */
export interface EventLoop {
  readonly post: (event: RoundEvent) => void;
  readonly state: () => RoundState;
}

/** Starts a loop at a state; anything that `perform` or `changed` throws becomes an event that ends the run. */
export function eventLoop(first: RoundState, options: LoopOptions): EventLoop {
  let state = first;
  let running = false;
  const queue: RoundEvent[] = [];
  const guarded = async (work: () => Promise<void> | undefined): Promise<void> => {
    try {
      await work();
    } catch (error) {
      const { code, message } = asFedtuneError(error);
      queue.push({ type: "broken", code, message });
    }
  };
  const run = async (): Promise<void> => {
    running = true;
    for (let event = queue.shift(); event !== undefined; event = queue.shift()) {
      const taken = event;
      const [next, effects] = step(options.rules, state, taken);
      state = next;
      await guarded(() => {
        options.changed(next, taken);
        return undefined;
      });
      for (const effect of effects) await guarded(() => options.perform(effect));
    }
    running = false;
  };
  return {
    post(event) {
      queue.push(event);
      if (!running) void run();
    },
    state: () => state,
  };
}
