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
  /** Queues an event; `isDue` is asked when its turn comes, and an event that is not due any more is passed over. */
  readonly post: (event: RoundEvent, isDue?: () => boolean) => void;
  readonly state: () => RoundState;
}

/**
 * Starts a loop at a state; anything that `perform` or `changed` throws becomes an event that ends the run. When an effect
 * fails, those after it are left out: nobody is told of what was not written down. The end itself is always seen to.
 */
export function eventLoop(first: RoundState, options: LoopOptions): EventLoop {
  let state = first;
  let running = false;
  const queue: { readonly event: RoundEvent; readonly isDue: () => boolean }[] = [];
  const broken = (error: unknown): void => {
    const { code, message } = asFedtuneError(error);
    // Before all that waits: nothing may be answered on the strength of what was not written down.
    queue.unshift({ event: { type: "broken", code, message }, isDue: always });
  };
  const performAll = async (effects: readonly RoundEffect[]): Promise<void> => {
    let isSound = true;
    for (const effect of effects) {
      if (!isSound && effect.type !== "finish") continue;
      try {
        const performing = options.perform(effect);
        if (performing !== undefined) await performing;
      } catch (error) {
        isSound = false;
        broken(error);
      }
    }
  };
  const run = async (): Promise<void> => {
    running = true;
    for (let first = queue.shift(); first !== undefined; first = queue.shift()) {
      const { event, isDue } = first;
      if (!isDue()) continue;
      const [next, effects] = step(options.rules, state, event);
      state = next;
      try {
        options.changed(next, event);
      } catch (error) {
        broken(error);
      }
      if (effects.length > 0) await performAll(effects);
    }
    running = false;
  };
  return {
    post(event, isDue = always) {
      queue.push({ event, isDue });
      if (!running) void run();
    },
    state: () => state,
  };
}

function always(): boolean {
  return true;
}
