/** A run's record-level privacy as the arithmetic needs it: from an invitation, and exactly from the coordinator's welcome. */
import type { RunSpec } from "@fedtune/core";
import { plannedEvents, privacySettings, recordLevelEvents } from "@fedtune/dp";
import type { Invitation } from "../invitation.ts";
import type { PrivateTerms } from "./standing.ts";

/** What the invitation says; null where no examples are protected. @throws FedtuneError `config-invalid` */
export function termsOfInvitation({ run, privacy, rounds }: Invitation): PrivateTerms | null {
  if (privacy.mode !== "record-level" || privacy.samplingRate === null) return null;
  const { clipNorm, noiseMultiplier, delta, relation, accountant, samplingRate } = privacy;
  const settings = privacySettings({
    ...{ mode: "record-level", clipNorm, noiseMultiplier, delta, relation, accountant },
    ...{ samplingRate, noise: privacy.isSeeded ? "seeded" : "secure" },
  });
  if (settings.mode !== "record-level") return null;
  const { total } = rounds;
  const perRound = recordLevelEvents(settings, Math.max(1, Math.round(privacy.steps / total)));
  return { run, settings, perRound, rounds: total, parameters: privacy.accountantParameters };
}

/** What the run itself says; null where no examples are protected. @throws FedtuneError `config-invalid` */
export function termsOfRun(
  { run, rounds, privacy: promise }: Pick<Invitation, "run" | "rounds" | "privacy">,
  { privacy, training }: Pick<RunSpec, "privacy" | "training">,
): PrivateTerms | null {
  const settings = privacySettings(privacy);
  if (settings.mode !== "record-level") return null;
  const parameters = promise.mode === "none" ? {} : promise.accountantParameters;
  const perRound = plannedEvents(settings, training);
  return { run, settings, perRound, rounds: rounds.total, parameters };
}
