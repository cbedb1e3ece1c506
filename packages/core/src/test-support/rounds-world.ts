/** A world around the round engine, without promises: which timers run, which work is under way, and what may happen next. */
import type { RoundRules } from "../round/attempt.ts";
import { step } from "../round/step.ts";
import type { RoundEffect, RoundEvent, RoundState, TimerName } from "../round/types.ts";

/** What surrounds a state. */
export interface RoundsWorld {
  readonly state: RoundState;
  readonly timers: ReadonlySet<TimerName>;
  /** Outcomes of work under way: each may come at any time. */
  readonly work: readonly RoundEvent[];
  /** What the last event asked for. */
  readonly effects: readonly RoundEffect[];
}

/** A world in which nothing has happened. */
export function newWorld(state: RoundState): RoundsWorld {
  return { state, timers: new Set(), work: [], effects: [] };
}

/** Lets an event happen. */
export function happen(rules: RoundRules, world: RoundsWorld, event: RoundEvent): RoundsWorld {
  const [state, effects] = step(rules, world.state, event);
  const timers = new Set(world.timers);
  if (event.type === "timer") timers.delete(event.timer);
  const work = [...world.work];
  for (const effect of effects) {
    if (effect.type === "startTimer") timers.add(effect.timer);
    if (effect.type === "stopTimer") timers.delete(effect.timer);
    if (effect.type === "finish") timers.clear();
    const outcome = outcomeOf(effect);
    if (outcome !== null) work.push(outcome);
  }
  return { state, timers, work, effects };
}

/** A timer of the world fires, or a piece of its work ends; which one is chosen by a number. */
export function goOn(rules: RoundRules, world: RoundsWorld, choice: number): RoundsWorld | null {
  const { timers, work } = world;
  const at = choice % Math.max(1, timers.size + work.length);
  const done = work[at];
  if (done !== undefined) {
    const rest = work.filter((_, position) => position !== at);
    return happen(rules, { ...world, work: rest }, done);
  }
  const timer = [...timers][at - work.length];
  return timer === undefined ? null : happen(rules, world, { type: "timer", timer });
}

/** How a piece of work ends when nothing fails. */
function outcomeOf(effect: RoundEffect): RoundEvent | null {
  switch (effect.type) {
    case "store": {
      const { index, round, attempt, hash } = effect;
      return { type: "stored", index, round, attempt, hash, outcome: "stored" };
    }
    case "aggregate":
      return { type: "aggregated" };
    case "commit":
      return { type: "committed" };
    case "evaluate":
      return { type: "evaluated", metrics: { loss: effect.round } };
    default:
      return null;
  }
}
