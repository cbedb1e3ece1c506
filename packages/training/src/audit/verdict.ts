/** What an audit of one private round is asked, and what it found, held against the accountant's claim for its steps. */
import { accountants, certifyScores, recordLevelEvents } from "@fedtune/dp";
import type { CertifiedBound, Draws, PrivacyEvent } from "@fedtune/dp";
import type { PrivateRandomness, RecordLevelSettings } from "../trainer/private-steps.ts";

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

/** What is audited, and with what. */
export interface CanaryAudit extends AuditedClaim {
  readonly canaries: number;
  /** The canaries' coins. */
  readonly coins: Draws;
  /** Noise and samples of the round itself. */
  readonly randomness: PrivateRandomness;
  /** Leaves the noise out of the round, not out of the claim: shows whether the audit would see it. */
  readonly withoutNoise?: boolean;
  /** Called before each step: lets other work run, throws to stop. */
  readonly beforeStep?: (done: number) => Promise<void>;
}

/** A noise multiplier that hides nothing; zero would be refused where noise is split or counted in integers. */
const NEXT_TO_NONE = 1e-9;

/** The settings that the round is carried out with. */
export function carriedOut({
  settings,
  withoutNoise = false,
}: Pick<CanaryAudit, "settings" | "withoutNoise">): RecordLevelSettings {
  return withoutNoise ? { ...settings, noiseMultiplier: NEXT_TO_NONE } : settings;
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
