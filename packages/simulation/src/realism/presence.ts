/** When a client is there: a sequence of comings and goings in virtual time. */
import type { Rng } from "@fedtune/core";
import type { AvailabilityConfig } from "./config.ts";
import type { Interval } from "./trace.ts";

/** One client's comings and goings. */
export interface Presence {
  readonly startsOn: boolean;
  /** Milliseconds of virtual time at which it next comes or goes, in turn, ascending; null: never again. */
  next(): number | null;
}

/** A client that never leaves. */
const always: Presence = { startsOn: true, next: () => null };

/**
 * A client's presence.
 *
 * @param trace the client's intervals in the trace file; used where availability is a trace
 */
export function presenceOf(
  config: AvailabilityConfig,
  { rng, trace }: { readonly rng: Rng; readonly trace: readonly Interval[] },
): Presence {
  switch (config.kind) {
    case "always":
      return always;
    case "bernoulli":
      return bernoulli(config, rng);
    case "markov":
      return markov(config, rng);
    case "diurnal":
      return diurnal(config, rng);
    case "trace":
      return traced(trace);
    default:
      throw new RangeError(`Cannot follow availability ${JSON.stringify(config satisfies never)}`);
  }
}

type Of<Kind extends AvailabilityConfig["kind"]> = Extract<AvailabilityConfig, { kind: Kind }>;

/** On with probability p in each interval: runs of intervals are geometric, so that only changes are drawn. */
function bernoulli({ probability, intervalSeconds }: Of<"bernoulli">, rng: Rng): Presence {
  if (probability === 1) return always;
  const startsOn = rng.uniform() < probability;
  return switching(startsOn, (on) => {
    const stays = on ? probability : 1 - probability;
    const intervals = 1 + Math.floor(Math.log(1 - rng.uniform()) / Math.log(stays));
    return intervals * intervalSeconds * 1000;
  });
}

/** Two states with exponential times; it starts in the law that it has at any time. */
function markov({ meanOnSeconds: on, meanOffSeconds: off }: Of<"markov">, rng: Rng): Presence {
  const startsOn = rng.uniform() < on / (on + off);
  return switching(startsOn, (isOn) => -1000 * (isOn ? on : off) * Math.log(1 - rng.uniform()));
}

/** Alternates, each state for as long as `stay` draws. */
function switching(startsOn: boolean, stay: (on: boolean) => number): Presence {
  let at = 0;
  let on = startsOn;
  return {
    startsOn,
    next() {
      at += stay(on);
      on = !on;
      return at;
    },
  };
}

/** On for one stretch of every period, about a time of its own near the peak. */
function diurnal(config: Of<"diurnal">, rng: Rng): Presence {
  const { shareOn, periodSeconds, peakSeconds, spreadSeconds } = config;
  if (shareOn === 1) return always;
  const period = periodSeconds * 1000;
  const length = shareOn * period;
  const middle = 1000 * (peakSeconds + spreadSeconds * rng.normal());
  const from = positiveModulo(middle - length / 2, period);
  const startsOn = positiveModulo(-from, period) < length;
  // Comings at from + k period, goings at from + length + k period.
  let day = startsOn && from > 0 ? -1 : 0;
  let on = startsOn;
  return {
    startsOn,
    next() {
      const at = from + day * period + (on ? length : 0);
      if (on) day += 1;
      on = !on;
      return at;
    },
  };
}

function positiveModulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

/** On within the intervals, which are ascending and apart. */
function traced(intervals: readonly Interval[]): Presence {
  const changes = intervals.flatMap(({ from, to }) => [from * 1000, to * 1000]);
  const startsOn = changes[0] === 0;
  let at = startsOn ? 1 : 0;
  return { startsOn, next: () => changes[at++] ?? null };
}
