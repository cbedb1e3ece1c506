/** A client's change as it will travel. */
import { encodeSparseUpdate, encodeUpdate, selectRoles } from "@fedtune/core";
import type { ClientRecord, Plan, UpdateSource } from "@fedtune/core";

/** The update's bytes, their norm where it is known, and what they leave for the next round where the plan wants it kept. */
export function encodedChange(
  { sparsify }: Plan,
  earlier: ClientRecord["unsent"],
  source: UpdateSource,
) {
  if (sparsify === null) return { ...encodeUpdate(source), nextUnsent: null };
  const { errorFeedbackRounds } = sparsify;
  const { size } = selectRoles(source.layout, source.roles);
  const isFresh =
    earlier?.values.length === size && source.round - earlier.round <= errorFeedbackRounds;
  const unsent = isFresh ? earlier.values : null;
  const sent = encodeSparseUpdate({ ...source, sparsify, unsent });
  return {
    bytes: sent.bytes,
    norm: null,
    nextUnsent: errorFeedbackRounds > 0 ? sent.unsent : null,
  };
}
