/** The privacy part of a run's config, for core's registries: schema, contradictions with the run, the noise for a target. */
import { parseInput } from "@fedtune/core";
import type { InputIssue, Method, PrivacyRules, RunConfig, RunPrivacy } from "@fedtune/core";
import type { Accountant } from "./accountants/accountant.ts";
import { accountants } from "./accountants/registry.ts";
import { calibrateNoise } from "./calibrate.ts";
import type { PrivacyEvent } from "./events.ts";
import { privacyIssues } from "./privacy-issues.ts";
import { privacySchema } from "./privacy-settings.ts";
import type { PrivacySettings, RecordLevelPrivacy, UserLevelPrivacy } from "./privacy-settings.ts";
import { hardenedIssue, plannedEvents, recordLevelIssues } from "./record-level.ts";

/** Settings of a private run. */
export type PrivateSettings = RecordLevelPrivacy | UserLevelPrivacy;

type Rule<Settings> = (
  run: { readonly settings: Settings; readonly config: RunConfig },
  method: Method,
) => InputIssue | null;

/** What both private modes ask of a run. */
const commonRules: readonly Rule<PrivateSettings>[] = [
  ({ config: { rounds }, settings: { mode, metrics } }) =>
    rounds.weightedBy === "uniform" || (mode === "record-level" && metrics === "release")
      ? null
      : {
          field: "rounds.weightedBy",
          value: rounds.weightedBy,
          wanted: `uniform with privacy.mode ${mode}: a count of examples says something about them`,
          fix: { value: "uniform" },
        },
  ({ config: { evaluation }, settings: { metrics } }) =>
    evaluation.where === "federated" && evaluation.everyRounds > 0 && metrics === "withhold"
      ? {
          field: "evaluation.everyRounds",
          value: evaluation.everyRounds,
          wanted: "0 with privacy.metrics withhold: clients' scores would leave them as they are",
          fix: { value: 0 },
        }
      : null,
  ({ config, settings }) => {
    // Trees have an accountant of their own; see privacyIssues for the relations that it knows.
    if (settings.mode === "user-level" && settings.mechanism === "tree") return null;
    const events = runEvents({ ...settings, noiseMultiplier: 1 }, config);
    const { accountant, relation } = settings;
    return events.every((event) => runAccountant(settings).supports(event, relation))
      ? null
      : {
          field: "privacy.accountant",
          value: accountant,
          wanted: `another one for such sampling under the relation ${relation}`,
        };
  },
];

const recordRules: readonly Rule<RecordLevelPrivacy>[] = [
  ({ config: { method } }) =>
    method["coldStart"] === "fit"
      ? {
          field: "method.coldStart",
          value: "fit",
          wanted: "zero with privacy.mode record-level: a client's first round would cost twice",
          fix: { value: "zero" },
        }
      : null,
];

const userRules: readonly Rule<UserLevelPrivacy>[] = [
  (_run, { claims, name }) =>
    claims.meanOnly
      ? null
      : {
          field: "method.name",
          value: name,
          wanted:
            "a method that reads updates through their mean alone with privacy.mode user-level",
        },
  ({ config: { rounds } }) =>
    rounds.overSelection === 1
      ? null
      : {
          field: "rounds.overSelection",
          value: rounds.overSelection,
          wanted: "1 with privacy.mode user-level: who is fast decides who takes part",
          fix: { value: 1 },
        },
  ({ config: { adapter } }) =>
    new Set(adapter.clientRanks).size <= 1
      ? null
      : {
          field: "adapter.clientRanks",
          value: adapter.clientRanks,
          wanted: "one rank with privacy.mode user-level: one noisy mean stands for all updates",
          fix: { value: null },
        },
  ({ settings: { noiseBy }, config: { rounds } }) =>
    noiseBy === "coordinator" || rounds.sampling === "fixed"
      ? null
      : {
          field: "rounds.sampling",
          value: rounds.sampling,
          wanted: "fixed with privacy.noiseBy clients: a cohort may be too small for its noise",
          fix: { value: "fixed" },
        },
  ({ settings: { noiseShares }, config: { rounds } }) =>
    noiseShares === null || noiseShares <= rounds.minFitClients
      ? null
      : {
          field: "privacy.noiseShares",
          value: noiseShares,
          wanted: `at most rounds.minFitClients (${rounds.minFitClients}): so many may be all that answer`,
          fix: { value: rounds.minFitClients },
        },
  ({ settings: { expectedCohort, ...settings } }) =>
    hardenedIssue(settings, { batchSize: expectedCohort }),
  ({ settings: { budget, noiseMultiplier }, config }) => {
    if (budget === null || noiseMultiplier === null) return null;
    const epsilon = epsilonAfter(config, config.rounds.numRounds) ?? 0;
    return epsilon <= budget.epsilon
      ? null
      : {
          field: "privacy.budget.epsilon",
          value: budget.epsilon,
          wanted: `at least ${epsilon.toPrecision(4)}, what the whole run costs a client that is always there`,
        };
  },
];

/** Rules of private runs, for `Registries.privacy`. */
export const privacyRules: PrivacyRules = {
  schema: privacySchema,
  issues(config, method) {
    const settings = privacySettings(config.privacy);
    if (settings.mode === "none") return [];
    const run = { settings, config };
    const found = [
      ...commonRules.map((rule) => rule(run, method)),
      ...(settings.mode === "record-level"
        ? [
            ...recordLevelIssues(settings, config.training),
            ...recordRules.map((rule) => rule({ settings, config }, method)),
          ]
        : userRules.map((rule) => rule({ settings, config }, method))),
    ];
    return [...privacyIssues(settings), ...found.filter((issue) => issue !== null)];
  },
  resolve: (config) => resolved(config),
};

/** A run's privacy settings in full. @throws FedtuneError `config-invalid` for what somebody else sent and is none */
export function privacySettings(privacy: RunPrivacy): PrivacySettings {
  return parseInput(privacySchema, privacy, { what: "the privacy settings of a run" });
}

/** What of a run decides what it costs. */
export type PrivateRun = Pick<RunConfig, "privacy" | "rounds" | "training">;

/** Settings with nothing left open: noise found for a target is that of a client that takes part in every round. */
function resolved(config: RunConfig): RunPrivacy {
  const settings = privacySettings(config.privacy);
  if (settings.mode === "none") return settings;
  const noiseMultiplier = settings.noiseMultiplier ?? calibrated(settings, config);
  // The target has done its work: what is resolved resolves to itself.
  const found = { ...settings, noiseMultiplier, targetEpsilon: null };
  if (settings.mode === "record-level" || settings.noiseBy === "coordinator") return found;
  return { ...found, noiseShares: settings.noiseShares ?? config.rounds.minFitClients };
}

function calibrated(settings: PrivateSettings, config: PrivateRun): number {
  const { targetEpsilon, delta, relation } = settings;
  const accountant = runAccountant(settings);
  const target = { epsilon: targetEpsilon ?? 0, delta };
  const plan = (noise: number) => runEvents({ ...settings, noiseMultiplier: noise }, config);
  const key = JSON.stringify([accountant.name, relation, target, plan(1)]);
  const noise =
    knownNoise.get(key) ?? calibrateNoise({ accountant, relation, plan, target }).noiseMultiplier;
  if (knownNoise.size >= MOST_KNOWN) knownNoise.clear();
  knownNoise.set(key, noise);
  return noise;
}

/** By plan and target: a search takes half a second, and the cells of an experiment ask for the same again and again. */
const knownNoise = new Map<string, number>();
const MOST_KNOWN = 1000;

/** Who accounts for a run. */
export function runAccountant(settings: PrivateSettings): Accountant {
  const isTree = settings.mode === "user-level" && settings.mechanism === "tree";
  return accountants[isTree ? "tree" : settings.accountant];
}

/**
 * Epsilon, with the accountant's own errors counted in, of a unit that took part in each of the first `round` rounds;
 * null in a run without privacy.
 */
export function epsilonAfter(config: PrivateRun, round: number): number | null {
  const settings = privacySettings(config.privacy);
  if (settings.mode === "none") return null;
  const known = knownEpsilons.get(config) ?? new Map<number, number>();
  knownEpsilons.set(config, known);
  const epsilon = known.get(round) ?? costOf(settings, runEvents(settings, config, round));
  known.set(round, epsilon);
  return epsilon;
}

/** By run and round: sampled rounds take an accountant a tenth of a second, and reports ask more than once. */
const knownEpsilons = new WeakMap<PrivateRun, Map<number, number>>();

function costOf(settings: PrivateSettings, events: readonly PrivacyEvent[]): number {
  if (events.length === 0) return 0;
  const { relation, delta } = settings;
  return runAccountant(settings).compose({ relation, events }).epsilon(delta).upper;
}

/** Everything that a run as planned does to one unit's data, in the worst case: it takes part in every round. */
export function runEvents(
  settings: PrivacySettings,
  config: Pick<RunConfig, "rounds" | "training">,
  rounds = config.rounds.numRounds,
): readonly PrivacyEvent[] {
  if (settings.mode === "none" || rounds === 0) return [];
  if (settings.mode === "record-level") {
    const planned = plannedEvents(settings, config.training);
    return planned.map((event) => ({ ...event, steps: event.steps * rounds }));
  }
  const noiseMultiplier = settings.noiseMultiplier ?? Number.NaN;
  if (settings.mechanism === "tree") {
    return [{ mechanism: "tree-gaussian", noiseMultiplier, steps: rounds, participations: rounds }];
  }
  // Only a sample that the coordinator draws by itself, each client with one probability, hides who was in it.
  return config.rounds.sampling === "poisson"
    ? [
        {
          mechanism: "poisson-gaussian",
          samplingRate: config.rounds.fractionFit,
          noiseMultiplier,
          steps: rounds,
        },
      ]
    : [{ mechanism: "gaussian", noiseMultiplier, steps: rounds }];
}
