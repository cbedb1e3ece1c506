/** What became of an update, for a client that asks again. */
import type { MessageOf } from "../protocol/messages.ts";
import type { Context } from "./coordinator.ts";

/** Tells a client that never heard it that its update was accepted; before the next order makes it give the update up. */
export async function tellAccepted(
  context: Context,
  index: number,
  pending: MessageOf<"join">["pending"],
): Promise<void> {
  if (pending === null) return;
  const { round, hash } = pending;
  const row = await context.ports.store.getUpdate(context.setup.id, round, index);
  if (row?.blob.hash !== hash) return;
  const member = context.state().cohort.find((one) => one.index === index);
  const isOpen = round === context.state().round && member?.status === "accepted";
  if (isOpen || (await wasAccepted(context, round, index)))
    context.send(index, { type: "accepted", run: context.setup.id, round, hash });
}

/** Whether the update of a participant is in a committed round. */
export async function wasAccepted(
  context: Context,
  round: number,
  index: number,
): Promise<boolean> {
  const row = await context.ports.store.getRound(context.setup.id, round);
  return row?.accepted.includes(index) ?? false;
}
