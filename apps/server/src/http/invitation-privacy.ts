/** A run's promise of privacy as those are told who are invited: once, for the whole run as it is planned. */
import type { OutputOf } from "@fedtune/api";
import type { RunConfig } from "@fedtune/core";
import { accountants, privacySettings, runEvents, runGuarantee } from "@fedtune/dp";
import type { AccountantName, Guarantee, PrivacyEvent } from "@fedtune/dp";

/** What an invitation says of privacy. */
export type PromisedPrivacy = OutputOf<"openInvitation">["privacy"];

/** States it; the accountant takes tenths of a second. */
export function promisedPrivacy(config: RunConfig): PromisedPrivacy {
  const guarantee = runGuarantee(config, 0);
  if (guarantee.mode === "none") return guarantee;
  const { sampling, accountant } = guarantee;
  const events = runEvents(privacySettings(config.privacy), config);
  return {
    mode: guarantee.mode,
    epsilon: guarantee.epsilonProjected,
    delta: guarantee.delta,
    noiseMultiplier: guarantee.noiseMultiplier ?? 0,
    clipNorm: guarantee.clipNorm,
    accountant: accountant.name,
    accountantParameters: { ...accountant.parameters },
    whoAddsNoise: guarantee.noiseBy,
    trusted: guarantee.trusted,
    unit: guarantee.unit,
    relation: guarantee.relation,
    released: [...guarantee.released],
    steps: events.reduce((sum, { steps }) => sum + steps, 0),
    samplingRate: sampling.kind === "poisson" ? sampling.samplingRate : null,
    isSeeded: guarantee.noise === "seeded",
    warnings: [...guarantee.warnings],
    ...rightOutOf100(guarantee, events),
  };
}

/**
 * How often at most somebody who sees all that is released, and must say whether one unit was in the data, is right when
 * it is so in half of the cases: (1 + TV) / 2, where the total variation TV is delta at epsilon 0.
 *
 * Rényi accounting has no such delta worth telling; from epsilon and delta alone it is at most
 * (e^epsilon + delta) / (e^epsilon + 1).
 */
export function rightOutOf100(
  guarantee: Pick<Guarantee, "relation" | "delta" | "epsilonProjected" | "accountant">,
  events: readonly PrivacyEvent[],
): Pick<Extract<PromisedPrivacy, { rightOutOf100: number }>, "rightOutOf100" | "rightBy"> {
  const { relation, delta, epsilonProjected: epsilon } = guarantee;
  const accountant = accountants[guarantee.accountant.name as AccountantName];
  if (accountant.name === "rdp" || accountant.name === "tree") {
    // Divided by e^epsilon, which may be too large a number.
    const share = (1 + delta * Math.exp(-epsilon)) / (1 + Math.exp(-epsilon));
    return { rightOutOf100: outOf100(share), rightBy: "bound" };
  }
  const { upper } = accountant.compose({ relation, events }).delta(0);
  return { rightOutOf100: outOf100((1 + upper) / 2), rightBy: "curve" };
}

/** Rounded up: a promise is never told better than it is. */
function outOf100(share: number): number {
  return Math.min(100, Math.ceil(100 * share - 1e-9));
}
