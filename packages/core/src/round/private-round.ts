/** A round of a run that protects whole clients: one noisy mean stands for all updates, and nothing else is read of them. */
import { selectRoles } from "../adapter/layout.ts";
import { spread } from "../adapter/top-k.ts";
import type { ClosedRound } from "../combiner.ts";
import { FedtuneError } from "../errors.ts";
import type { MethodUpdate } from "../method.ts";
import type { UpdatePrivacy } from "../ports.ts";
import type { RoundRow } from "../store/store.ts";
import type { RunSetup } from "./setup.ts";

/** What protects a round, and what came before it. */
interface Protection {
  readonly privacy: UpdatePrivacy;
  /** The method's state. */
  readonly state: unknown;
  /** What the last committed round left; null before the first. */
  readonly before: RoundRow["privacy"];
}

/**
 * The port that protects this run's clients; null where the run does not ask for that.
 *
 * @throws FedtuneError `config-conflict` when it does, and there is no port or more than one rank tier
 */
export function updatePrivacyOf(
  { resolved: { config }, tiers }: RunSetup,
  privacy: UpdatePrivacy | null,
): UpdatePrivacy | null {
  if (config.privacy.mode !== "user-level") return null;
  if (privacy !== null && tiers.length === 1) return privacy;
  const problem =
    privacy === null
      ? "this coordinator was given nothing that clips and adds noise"
      : `its clients have ${tiers.length} ranks, wanted one`;
  throw new FedtuneError(
    "config-conflict",
    `Cannot open run "${config.name}" with privacy.mode user-level: ${problem}`,
  );
}

/**
 * Reads the updates once, in participant order, and gives the round as a method may see it: one update of weight 1, the
 * noisy mean, the same in every pass. Whatever the method makes of it is post-processing. A round without updates has
 * one as well: that nobody was there must not show.
 */
export async function privateRound(
  { resolved: { method }, tiers: [{ rank, layout }] }: RunSetup,
  closed: ClosedRound,
  { privacy, state, before }: Protection,
): Promise<{ readonly readable: ClosedRound; readonly privacy: RoundRow["privacy"] }> {
  const { round } = closed;
  const { upload: roles } = method.plan(state, round, { index: 0, rank, holds: null });
  const length = selectRoles(layout, roles).size;
  const sum = privacy.open({ round, length, state: before?.state ?? null });
  for await (const update of closed.updates()) sum.add(wholeDelta(update, length));
  const { mean: delta, ...released } = sum.finish();
  const mean: MethodUpdate = { index: 0, rank, weight: 1, roles, delta };
  const facts = { round, sampled: 1, accepted: 1, totalWeight: 1 };
  return { readable: { ...facts, updates: () => once(mean) }, privacy: released };
}

/** A sparse delta with its zeros in place, `[length]`: which values a client sent is part of what it says. */
function wholeDelta({ delta, support }: MethodUpdate, length: number): Float32Array {
  return support === undefined ? delta : spread(delta, support, length);
}

/** A stream of one update that is there already. */
function once(update: MethodUpdate): AsyncIterable<MethodUpdate> {
  return {
    [Symbol.asyncIterator]() {
      const one = [update].values();
      return { next: () => Promise.resolve(one.next()) };
    },
  };
}
