/** What an audit of one private round found, held against what the accountant claims for the same steps. */
import { accountants, certifyScores, recordLevelEvents } from "@fedtune/dp";
import type { CertifiedBound, PrivacyEvent } from "@fedtune/dp";
import type { RecordLevelSettings } from "../trainer/private-steps.ts";

/** The claim, what was certified, and whether they go together. */
export interface AuditVerdict {
  /** Upper end of the accountant's epsilon. */
  readonly claimedEpsilon: number;
  readonly certified: CertifiedBound;
  readonly delta: number;
  /** With which the certified bound holds: a correct implementation fails with at most 1 - confidence. */
  readonly confidence: number;
  readonly canaries: number;
  /** Canaries whose coin put them into the data. */
  readonly included: number;
  /** What the claim is for. */
  readonly events: readonly PrivacyEvent[];
  /** False when more is certified than claimed: noise, clipping, sampling or accounting is wrong. */
  readonly holds: boolean;
}

/** What canaries were scored, and how the coins fell. */
export interface ScoredCanaries {
  /** Higher for what looks included, `[canaries]`. */
  readonly scores: Float64Array;
  /** 1 for included, `[canaries]`. */
  readonly coins: Uint8Array;
}

/** What is claimed, and how sure the answer must be. */
export interface AuditedClaim {
  /** As claimed: noise, sampling rate, delta, relation and accountant. */
  readonly settings: RecordLevelSettings;
  readonly steps: number;
  /** In (0, 1). */
  readonly confidence: number;
}

/**
 * Asks the accountant first, so that what it refuses is refused before any work; the result holds scores against it.
 *
 * @throws FedtuneError `config-invalid` for noise that no accountant takes
 */
export function openVerdict({
  settings,
  steps,
  confidence,
}: AuditedClaim): (scored: ScoredCanaries) => AuditVerdict {
  const { relation, delta, accountant } = settings;
  const events = recordLevelEvents(settings, steps);
  const claimedEpsilon = accountants[accountant].compose({ relation, events }).epsilon(delta).upper;
  return ({ scores, coins }) => {
    const certified = certifyScores(scores, coins, { delta, confidence });
    return {
      claimedEpsilon,
      certified,
      delta,
      confidence,
      canaries: coins.length,
      included: coins.reduce((sum, coin) => sum + coin, 0),
      events,
      holds: certified.epsilon <= claimedEpsilon,
    };
  };
}
