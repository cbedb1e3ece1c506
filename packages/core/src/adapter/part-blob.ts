/** Published parts as blobs. */
import type { Digest } from "../ids.ts";
import type { BroadcastPart } from "../method.ts";
import type { PublishedBlob } from "../protocol/messages.ts";
import { decodeVectorBlob, encodeVectorBlob } from "./blob.ts";
import type { LinearModule } from "./kind.ts";
import type { Layout } from "./layout.ts";
import { selectRoles } from "./layout.ts";
import { decodeResidualBlob, encodeResidualBlob } from "./residual-blob.ts";
import { rotationSize } from "./rotation.ts";
import { decodeSparseBlob, encodeSparseBlob } from "./sparse-blob.ts";

/** What names the layout of a part's reader: that of its tier, and of the base model for residuals. */
export interface PartHashes {
  readonly layoutHash: Digest;
  readonly modulesHash: Digest;
}

/** What both sides know of the tier that a part belongs to. */
export interface PartContext extends PartHashes {
  readonly rank: number;
  readonly layout: Layout;
  /** The base model's adapted layers, for residuals. */
  readonly modules: readonly LinearModule[];
}

/** Encodes a part in float32; `layout`, of the part's tier, is that of `layoutHash`. */
export function encodePart(
  part: BroadcastPart,
  round: number,
  context: PartHashes & { readonly layout: Layout },
): Uint8Array {
  const { layoutHash, modulesHash, layout } = context;
  if (part.kind === "residual") {
    const { modules } = part;
    return encodeResidualBlob({ codec: "f32", round, layoutHash: modulesHash, modules });
  }
  if (part.kind === "factors" && part.support !== undefined) {
    const { kind, roles, values, support } = part;
    const { size } = selectRoles(layout, roles);
    return encodeSparseBlob({ kind, codec: "f32", round, layoutHash, values, support, size });
  }
  const { kind, values } = part;
  return encodeVectorBlob({ kind, codec: "f32", round, layoutHash, values });
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
  const { layoutHash, modulesHash, layout, rank, modules } = context;
  const { round, hash: id, kind } = ref;
  const codec = "f32";
  if (kind === "residual") {
    const wanted = { codec, round, layoutHash: modulesHash, modules } as const;
    return { kind, id, modules: decodeResidualBlob(bytes, wanted) };
  }
  if (kind === "rotation") {
    const wanted = { kind, codec, round, layoutHash, length: rotationSize(layout) } as const;
    return { kind, id, rank, values: decodeVectorBlob(bytes, wanted) };
  }
  const length = selectRoles(layout, ref.roles).size;
  const wanted = { kind, codec, round, layoutHash, length } as const;
  const { roles, kept } = ref;
  if (kept === null) return { kind, id, rank, roles, values: decodeVectorBlob(bytes, wanted) };
  return { kind, id, rank, roles, ...decodeSparseBlob(bytes, { ...wanted, kept }) };
}
