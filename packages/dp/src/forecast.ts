/** What a run that is not made yet would cost its units, round by round, and the noise that it would take. */
import { isFedtuneError } from "@fedtune/core";
import { calibrateNoise } from "./calibrate.ts";
import { epsilonAfter, privacySettings, runAccountant, runEvents } from "./run-privacy.ts";
import type { PrivateRun, PrivateSettings } from "./run-privacy.ts";
import type { PrivacyUnit } from "./events.ts";

/** What a run would cost a unit that takes part in every round. */
export interface PrivacyForecast {
  readonly unit: PrivacyUnit;
  readonly delta: number;
  /** After the last round. */
  readonly atEnd: number;
  /** The budget, or the target for which the noise is found; null: none is set. */
  readonly limit: number | null;
  readonly noiseMultiplier: number;
  /** The least, to four digits, that keeps the whole run within the limit; null: no limit, or no noise keeps it. */
  readonly leastNoiseMultiplier: number | null;
  /** The last round within the limit, 0: none is; null: the limit is kept, or there is none. */
  readonly exceededAfter: number | null;
  /** Round and epsilon spent after it, ascending; the last one is the run's last. */
  readonly curve: readonly (readonly [round: number, epsilon: number])[];
}

/** How a forecast is made. */
export interface ForecastOptions {
  /** Points of the curve at most; default 24: a sampled round takes an accountant tens of milliseconds. */
  readonly points?: number;
}

/**
 * Forecasts what a run would cost; null without privacy, and where it is still open how much noise there is.
 *
 * @param config parsed; settings that contradict each other are taken as they are
 */
export function privacyForecast(
  config: PrivateRun,
  { points = 24 }: ForecastOptions = {},
): PrivacyForecast | null {
  const settings = privacySettings(config.privacy);
  if (settings.mode === "none") return null;
  const { budget, targetEpsilon, delta } = settings;
  const limit = budget?.epsilon ?? targetEpsilon;
  const least = limit === null ? null : leastNoise(settings, config, limit);
  const noiseMultiplier = settings.noiseMultiplier ?? (targetEpsilon === null ? null : least);
  if (noiseMultiplier === null) return null;
  const run: PrivateRun = { ...config, privacy: { ...settings, noiseMultiplier } };
  const { numRounds } = config.rounds;
  const spent = (round: number): number => epsilonAfter(run, round) ?? 0;
  const atEnd = spent(numRounds);
  return {
    unit: settings.mode === "record-level" ? "example" : "user",
    ...{ delta, atEnd, limit, noiseMultiplier, leastNoiseMultiplier: least },
    exceededAfter: limit === null || atEnd <= limit ? null : lastWithin(numRounds, limit, spent),
    curve: roundsOf(numRounds, points).map((round) => [round, spent(round)]),
  };
}

function leastNoise(settings: PrivateSettings, config: PrivateRun, epsilon: number): number | null {
  const { relation, delta } = settings;
  const plan = (noise: number) => runEvents({ ...settings, noiseMultiplier: noise }, config);
  try {
    const search = { accountant: runAccountant(settings), relation, plan };
    const { noiseMultiplier } = calibrateNoise({ ...search, target: { epsilon, delta } });
    return upTo(noiseMultiplier);
  } catch (error) {
    if (isFedtuneError(error, "config-conflict")) return null;
    throw error;
  }
}

/** Four digits, never less. */
function upTo(noise: number): number {
  const step = 10 ** (Math.floor(Math.log10(noise)) - 3);
  return Number((Math.ceil(noise / step - 1e-9) * step).toPrecision(4));
}

/** What is spent never falls from round to round: by bisection. */
function lastWithin(rounds: number, limit: number, spent: (round: number) => number): number {
  let [within, beyond] = [0, rounds];
  while (beyond - within > 1) {
    const middle = Math.floor((within + beyond) / 2);
    if (spent(middle) <= limit) within = middle;
    else beyond = middle;
  }
  return within;
}

/** At most so many rounds, evenly spread from the first to the last. */
function roundsOf(rounds: number, most: number): readonly number[] {
  if (rounds <= most) return Array.from({ length: rounds }, (_, at) => at + 1);
  const step = (rounds - 1) / (most - 1);
  return Array.from({ length: most }, (_, at) => 1 + Math.round(at * step));
}
