/** A client's share of the noise of a run that protects whole clients and has the clients add it. */
import { FedtuneError, rngFromState } from "@fedtune/core";
import type { Entropy, MessageOf, RunSpec } from "@fedtune/core";
import { addShare, privacySettings, seededKeystream, systemKeystream } from "@fedtune/dp";
import type { Keystream } from "@fedtune/dp";

/** Clips a packed change and adds this client's share, in place. */
export type OwnNoise = (change: Float32Array) => void;

/**
 * Who adds this client's share in one round; null where none is asked of it.
 *
 * @throws FedtuneError `config-conflict` when the plan sends a part of the change only, since which values are large says
 * something about the data, or when there is no entropy
 */
export function ownNoise(
  spec: Pick<RunSpec, "privacy">,
  { seed, plan }: Pick<MessageOf<"order">, "seed" | "plan">,
  entropy: Entropy | null,
): OwnNoise | null {
  const settings = privacySettings(spec.privacy);
  if (settings.mode !== "user-level" || settings.noiseBy === "coordinator") return null;
  if (plan.sparsify !== null) throw refused("only the largest values of its change are to travel");
  const keystream = keystreamOf(settings.noise === "seeded" ? { seed } : { entropy });
  return (change) => {
    addShare(change, settings, keystream);
  };
}

function keystreamOf(
  source: { readonly seed: MessageOf<"order">["seed"] } | { readonly entropy: Entropy | null },
): Keystream {
  if ("seed" in source)
    return seededKeystream(rngFromState({ key: source.seed, position: 0 }).fork("privacy"));
  if (source.entropy === null) throw refused("it has no source of randomness");
  return systemKeystream(source.entropy);
}

function refused(problem: string): FedtuneError {
  return new FedtuneError(
    "config-conflict",
    `Cannot add this client's share of the noise: ${problem}; wanted privacy.noiseBy coordinator`,
  );
}
