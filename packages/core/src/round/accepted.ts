/** What became of an update, for a client that asks again. */
import type { Digest } from "../ids.ts";
import type { MessageOf } from "../protocol/messages.ts";
import type { Context } from "./coordinator.ts";
import { wasAccepted } from "./members.ts";

/** An update as its client names it. */
interface Named {
  readonly round: number;
  readonly hash: Digest;
}

/** Tells a client that never heard it that its update was accepted; before the next order makes it give the update up. */
export async function tellAccepted(
  context: Context,
  index: number,
  pending: MessageOf<"join">["pending"],
): Promise<void> {
  if (pending === null) return;
  const { round, hash } = pending;
  const { setup } = context;
  if (
    wasAccepted(context.state(), { index, ...pending }) ||
    (await isKept(context, index, pending))
  )
    context.send(index, { type: "accepted", run: setup.id, round, hash });
}

/** Whether a round that is over has the update: what its attempts did not accept is not there any more. */
export async function isKept(
  { ports, setup, model, endedBefore }: Context,
  index: number,
  { round, hash }: Named,
): Promise<boolean> {
  if (round > model.round && !endedBefore) return false;
  const row = await ports.store.getUpdate(setup.id, round, index);
  return row?.blob.hash === hash;
}
