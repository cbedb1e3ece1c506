/** Playing events into the round engine, for its tests. */
import { roundsSchema } from "../config/rounds.ts";
import type { Digest } from "../ids.ts";
import { rngFromSeed } from "../rng.ts";
import type { RoundRules } from "../round/attempt.ts";
import { initialState } from "../round/state.ts";
import { step } from "../round/step.ts";
import type { RoundEffect, RoundEvent, RoundState } from "../round/types.ts";

/** A digest that stands for the k-th update. */
export const hash = (k: number): Digest => String(k).padStart(64, "0") as Digest;

/** A run of two rounds under a policy. */
export function rules(
  policy: object = {},
  evaluateEvery = 0,
  evaluatedBy: RoundRules["evaluatedBy"] = "coordinator",
): RoundRules {
  return {
    policy: roundsSchema.parse({ numRounds: 2, ...policy }),
    evaluateEvery,
    evaluatedBy,
    stopping: null,
    rng: rngFromSeed(7),
  };
}

/** Plays events from a fresh state; returns the state and the effects of the last event. */
export function play(
  of: RoundRules,
  events: readonly RoundEvent[],
  from = initialState(),
): [RoundState, readonly RoundEffect[]] {
  let state = from;
  let effects: readonly RoundEffect[] = [];
  for (const event of events) [state, effects] = step(of, state, event);
  return [state, effects];
}

/** The run begins. */
export const start: RoundEvent = { type: "start" };
/** A client is there. */
export const joined = (index: number, holds: number | null = 0): RoundEvent => ({
  type: "joined",
  index,
  rank: 2,
  holds,
});
/** A sound update came; `k` names its bytes. */
export const arrived = (index: number, round = 1, k = index): RoundEvent => ({
  type: "arrived",
  index,
  round,
  hash: hash(k),
  problem: null,
});
/** It is safe in the store. */
export const stored = (index: number, round = 1, attempt = 1): RoundEvent => ({
  type: "stored",
  index,
  round,
  attempt,
  hash: hash(index),
  outcome: "stored",
});
/** Both. */
export const delivered = (index: number, round = 1): RoundEvent[] => [
  arrived(index, round),
  stored(index, round),
];
/** Tags of effects, in order. */
export const types = (effects: readonly RoundEffect[]): string[] =>
  effects.map((effect) => effect.type);

/** A connection ended. */
export const left = (index: number): RoundEvent => ({ type: "left", index, forGood: false });
