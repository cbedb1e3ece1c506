/** The privacy part of a run's config, for core's registries: schema, contradictions with the run, the noise for a target. */
import type { InputIssue, Method, PrivacyRules, RunConfig, RunPrivacy } from "@fedtune/core";
import { accountants } from "./accountants/registry.ts";
import { calibrateNoise } from "./calibrate.ts";
import type { PrivacyEvent } from "./events.ts";
import { privacyIssues } from "./privacy-issues.ts";
import { privacySchema } from "./privacy-settings.ts";
import type { PrivacySettings, RecordLevelPrivacy, UserLevelPrivacy } from "./privacy-settings.ts";
import { plannedEvents, recordLevelIssues } from "./record-level.ts";

type Rule<Settings> = (
  run: { readonly settings: Settings; readonly config: RunConfig },
  method: Method,
) => InputIssue | null;

/** What both private modes ask of a run. */
const commonRules: readonly Rule<RecordLevelPrivacy | UserLevelPrivacy>[] = [
  ({ config: { rounds }, settings: { mode, metrics } }) =>
    rounds.weightedBy === "uniform" || (mode === "record-level" && metrics === "release")
      ? null
      : {
          field: "rounds.weightedBy",
          value: rounds.weightedBy,
          wanted: `uniform with privacy.mode ${mode}: a count of examples says something about them`,
        },
  ({ config: { evaluation }, settings: { metrics } }) =>
    evaluation.where === "federated" && evaluation.everyRounds > 0 && metrics === "withhold"
      ? {
          field: "evaluation.everyRounds",
          value: evaluation.everyRounds,
          wanted: "0 with privacy.metrics withhold: clients' scores would leave them as they are",
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
        ? recordLevelIssues(settings, config.training)
        : userRules.map((rule) => rule({ settings, config }, method))),
    ];
    return [...privacyIssues(settings), ...found.filter((issue) => issue !== null)];
  },
  resolve: (config) => resolved(config),
};

/** A run's privacy settings in full. */
export function privacySettings(privacy: RunPrivacy): PrivacySettings {
  return privacySchema.parse(privacy);
}

/** Settings whose noise is known: found for the target, for a client that takes part in every round. */
function resolved(config: RunConfig): RunPrivacy {
  const settings = privacySettings(config.privacy);
  if (settings.mode === "none" || settings.noiseMultiplier !== null) return settings;
  const { targetEpsilon, delta, accountant, relation } = settings;
  const { noiseMultiplier } = calibrateNoise({
    accountant:
      accountants[
        settings.mode === "user-level" && settings.mechanism === "tree" ? "tree" : accountant
      ],
    relation,
    plan: (noise) => runEvents({ ...settings, noiseMultiplier: noise }, config),
    target: { epsilon: targetEpsilon ?? 0, delta },
  });
  return { ...settings, noiseMultiplier };
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
