/** The global adapter at a client: drawn from the run's seed at first, then built from what rounds publish. */
import {
  adapterKind,
  applyParts,
  decodePart,
  FedtuneError,
  float32Bytes,
  initialAdapter,
  rngFromState,
} from "@fedtune/core";
import type {
  BaseResidual,
  BroadcastPart,
  Digest,
  Layout,
  MessageOf,
  PartContext,
} from "@fedtune/core";
import type { ClientPorts } from "./ports.ts";

/** The adapter after a round; nobody changes its values. */
export interface HeldAdapter {
  readonly round: number;
  readonly hash: Digest;
  readonly values: Float32Array;
}

/**
 * The adapter of round 0, which every party draws for itself.
 *
 * @throws FedtuneError `layout-mismatch` when it is not the coordinator's
 */
export function firstAdapter(
  ports: Pick<ClientPorts, "adapters" | "hash">,
  { spec, run }: MessageOf<"welcome">,
  { layout, verify }: { readonly layout: Layout; readonly verify: boolean },
): HeldAdapter {
  const { initialHash, initialSeed, adapter } = spec;
  const stream = rngFromState({ key: initialSeed, position: 0 });
  const values =
    ports.adapters?.get(initialHash) ?? initialAdapter(layout, adapterKind(adapter.kind), stream);
  const hash = verify ? ports.hash.sha256(float32Bytes(values)) : initialHash;
  if (hash !== initialHash) {
    const message = `Cannot join run "${run}": the adapter drawn from its seed differs from the coordinator's`;
    throw new FedtuneError("layout-mismatch", message, { data: { hash, expected: initialHash } });
  }
  ports.adapters?.set(hash, values);
  return { round: 0, hash, values };
}

/** What an order's downloads make of the adapter that a client holds. */
export interface Reception {
  readonly order: MessageOf<"order">;
  readonly from: HeldAdapter;
  /** Whether the result is hashed and compared with the order. */
  readonly verify: boolean;
  readonly signal: AbortSignal;
}

/**
 * Fetches an order's parts and applies them; the result is the adapter before the order's round.
 *
 * @throws FedtuneError `blob-corrupt` when the result is not the coordinator's; what transport and decoding throw
 */
export async function receiveAdapter(
  ports: Pick<ClientPorts, "adapters" | "hash" | "transport">,
  context: PartContext,
  { order, from, verify, signal }: Reception,
): Promise<{ readonly next: HeldAdapter; readonly residuals: readonly BaseResidual[] }> {
  const parts: BroadcastPart[] = [];
  for (const ref of order.download) {
    const bytes = await ports.transport.download({ hash: ref.hash, bytes: ref.bytes }, signal);
    parts.push(decodePart(bytes, ref, context));
  }
  const shared = verify ? undefined : ports.adapters?.get(order.adapterHash);
  const values = shared ?? applyParts(context.layout, from.values, parts).values;
  const hash = verify ? ports.hash.sha256(float32Bytes(values)) : order.adapterHash;
  if (hash !== order.adapterHash) {
    const message = `Cannot start round ${order.round}: the adapter built from the downloads is not the coordinator's`;
    throw new FedtuneError("blob-corrupt", message, {
      data: { hash, expected: order.adapterHash },
    });
  }
  ports.adapters?.set(hash, values);
  const residuals = parts.flatMap((part) =>
    part.kind === "residual" ? [{ id: part.id, modules: part.modules }] : [],
  );
  return { next: { round: order.round - 1, hash, values }, residuals };
}
