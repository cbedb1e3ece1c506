/** User-level noise of a large cohort on a small simulated one. */
import { FedtuneError } from "@fedtune/core";
import type { Entropy, RunConfig, UpdatePrivacy } from "@fedtune/core";
import { privacySettings, userLevelPrivacy } from "@fedtune/dp";

/** What noise is drawn for. */
export interface NoiseCohortOptions {
  /** N: clients of a round for which the privacy is meant. */
  readonly noiseCohort: number;
  readonly entropy: Entropy | null;
}

/**
 * The privacy of a run with cohorts of N clients at the same sampling rate and noise multiplier, simulated with
 * `privacy.expectedCohort` = n of them: the mean gets the noise that it would have there, of deviation noiseMultiplier *
 * clipNorm / N, that is n / N of the noise of n. What a round says it costs is the cost of the real run; the simulated one by
 * itself protects less, and its rows say so by `noiseCohort`.
 *
 * Granqvist et al., "pfl-research: simulation framework for accelerating research in private federated learning", arXiv
 * 2404.06430, there `noise_cohort_size`; the idea is McMahan et al.'s, arXiv 1710.06963, section 4.
 *
 * @throws FedtuneError `config-conflict` for runs without user-level privacy, with shares of noise from clients or an
 * adaptive clip norm, whose noise does not scale like this, and for a cohort smaller than the simulated one
 */
export function cohortPrivacy(
  config: Pick<RunConfig, "privacy" | "seed" | "rounds" | "training">,
  { noiseCohort, entropy }: NoiseCohortOptions,
): UpdatePrivacy | null {
  const settings = privacySettings(config.privacy);
  if (settings.mode !== "user-level") throw conflict(noiseCohort, "privacy.mode user-level");
  const { noiseBy, adaptiveClipping, expectedCohort, noiseMultiplier } = settings;
  if (noiseBy !== "coordinator") throw conflict(noiseCohort, "privacy.noiseBy coordinator");
  if (adaptiveClipping !== null) throw conflict(noiseCohort, "privacy.adaptiveClipping null");
  if (noiseCohort < expectedCohort)
    throw conflict(noiseCohort, `at least privacy.expectedCohort (${String(expectedCohort)})`);
  const scaled = {
    ...config.privacy,
    noiseMultiplier: (Number(noiseMultiplier) * expectedCohort) / noiseCohort,
  };
  const port = userLevelPrivacy({ ...config, privacy: scaled }, entropy);
  if (port === null) return null;
  return {
    open(round) {
      const sum = port.open(round);
      return {
        ...sum,
        finish() {
          const release = sum.finish();
          const events = release.events.map(
            (event) => ({ ...Object(event), noiseMultiplier }) as unknown,
          );
          return { ...release, events, metrics: { ...release.metrics, noiseCohort } };
        },
      };
    },
  };
}

function conflict(noiseCohort: number, wanted: string): FedtuneError {
  return new FedtuneError(
    "config-conflict",
    `Cannot scale noise to a cohort of ${String(noiseCohort)} (simulation.noiseCohort): wanted ${wanted}`,
    { data: { noiseCohort } },
  );
}
