/** The guarantee of a run, from its resolved config and how far it got. */
import type { RunConfig } from "@fedtune/core";
import { privacyReport } from "./report.ts";
import type { Guarantee, NoGuarantee, ReportedSampling } from "./report.ts";
import { privacySettings, runAccountant, runEvents } from "./run-privacy.ts";
import type { PrivateRun, PrivateSettings } from "./run-privacy.ts";

/**
 * States what a run guarantees to a unit that takes part in every round, after so many of them.
 *
 * @param config resolved: with its noise found
 */
export function runGuarantee(
  config: PrivateRun & Pick<RunConfig, "participants">,
  rounds: number,
): Guarantee | NoGuarantee {
  const settings = privacySettings(config.privacy);
  if (settings.mode === "none") return { mode: "none" };
  const { relation, delta, mode, noise } = settings;
  const accountant = runAccountant(settings);
  const planned = runEvents(settings, config);
  const whole = accountant.compose({ relation, events: planned }).epsilon(delta);
  const { order, mesh } = whole;
  return privacyReport({
    settings,
    sampling: samplingOf(settings, config),
    keystream: { secure: noise === "secure" },
    accountant: {
      name: accountant.name,
      parameters: {
        ...(order === undefined ? {} : { order }),
        ...(mesh === undefined ? {} : { mesh: mesh.step, points: mesh.size }),
      },
    },
    epsilon: (events) =>
      events === planned
        ? whole.upper
        : accountant.compose({ relation, events }).epsilon(delta).upper,
    spent: runEvents(settings, config, rounds),
    planned,
    units: mode === "user-level" ? (config.participants?.length ?? null) : null,
  });
}

function samplingOf(settings: PrivateSettings, { rounds }: PrivateRun): ReportedSampling {
  if (settings.mode === "record-level")
    return { kind: "poisson", samplingRate: settings.samplingRate };
  return settings.mechanism === "gaussian" && rounds.sampling === "poisson"
    ? { kind: "poisson", samplingRate: rounds.fractionFit }
    : { kind: "none" };
}
