/** Published parts as blobs. */
import type { Digest } from "../ids.ts";
import type { BroadcastPart } from "../method.ts";
import type { PublishedBlob } from "../protocol/messages.ts";
import { decodeVectorBlob, encodeVectorBlob } from "./blob.ts";
import type { LinearModule } from "./kind.ts";
import type { Layout } from "./layout.ts";
import { selectRoles } from "./layout.ts";
import { decodeResidualBlob, encodeResidualBlob } from "./residual-blob.ts";

/** What both sides know of the tier that a part belongs to. */
export interface PartContext {
  readonly rank: number;
  readonly layout: Layout;
  readonly layoutHash: Digest;
  /** The base model's adapted layers, for residuals. */
  readonly modules: readonly LinearModule[];
}

/** Encodes a part in float32. */
export function encodePart(part: BroadcastPart, round: number, layoutHash: Digest): Uint8Array {
  if (part.kind === "residual") {
    return encodeResidualBlob({ codec: "f32", round, layoutHash, modules: part.modules });
  }
  return encodeVectorBlob({
    kind: "factors",
    codec: "f32",
    round,
    layoutHash,
    values: part.values,
  });
}

/**
 * Decodes the blob that `ref` names; its values may share memory with `bytes`.
 *
 * @throws FedtuneError `codec-invalid`, `wrong-round`, `layout-mismatch`, `shape-mismatch`, `update-too-large`, `not-finite`
 */
export function decodePart(
  bytes: Uint8Array,
  ref: PublishedBlob,
  context: PartContext,
): BroadcastPart {
  const { layoutHash, layout, rank, modules } = context;
  const { round, hash: id } = ref;
  if (ref.kind === "residual") {
    return {
      kind: "residual",
      id,
      modules: decodeResidualBlob(bytes, { codec: "f32", round, layoutHash, modules }),
    };
  }
  const length = selectRoles(layout, ref.roles).size;
  const values = decodeVectorBlob(bytes, {
    kind: "factors",
    codec: "f32",
    round,
    layoutHash,
    length,
  });
  return { kind: "factors", id, rank, roles: ref.roles, values };
}
