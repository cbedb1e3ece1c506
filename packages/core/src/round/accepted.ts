/** What became of an update, for a client that asks again. */
import type { Digest } from "../ids.ts";
import type { MessageOf } from "../protocol/messages.ts";
import type { Context } from "./coordinator.ts";
import { wasAccepted } from "./members.ts";
import { maxStaleness } from "./staleness.ts";

/** An update as its client names it. */
interface Named {
  readonly round: number;
  readonly hash: Digest;
}

/**
 * Tells a client that never heard it that its update was accepted, before the next order makes it give the update up; says
 * whether it was.
 */
export async function tellAccepted(
  context: Context,
  index: number,
  pending: MessageOf<"join">["pending"],
): Promise<boolean> {
  if (pending === null) return false;
  const { round, hash } = pending;
  const isAccepted =
    wasAccepted(context.state(), { index, hash }) || (await isKept(context, index, pending));
  if (isAccepted) context.send(index, { type: "accepted", run: context.setup.id, round, hash });
  return isAccepted;
}

/** Whether a round that is over has the update: what its attempts did not accept is not there any more. */
export async function isKept(
  { ports, setup, model, endedBefore }: Context,
  index: number,
  { round, hash }: Named,
): Promise<boolean> {
  // An update may have been taken by a later round than its own.
  const last = model.round + Number(endedBefore);
  const latest = Math.min(last, round + maxStaleness(setup.resolved.config.rounds));
  for (let at = round; at <= latest; at++) {
    const row = await ports.store.getUpdate(setup.id, at, index);
    if (row?.blob.hash === hash) return true;
  }
  return false;
}
