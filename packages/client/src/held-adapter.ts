/** The global adapter at a client: drawn from the run's seed or fetched at first, then built from what rounds publish. */
import {
  adapterKind,
  applyParts,
  decodePart,
  decodeVectorBlob,
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
  RunSpec,
} from "@fedtune/core";
import type { ClientPorts } from "./ports.ts";

/** The adapter after a round; nobody changes its values. */
export interface HeldAdapter {
  readonly round: number;
  readonly hash: Digest;
  readonly values: Float32Array;
}

/** How a client makes its first adapter. */
export interface FirstAdapterOptions {
  readonly layout: Layout;
  readonly layoutHash: Digest;
  readonly verify: boolean;
  readonly signal: AbortSignal;
}

/**
 * The adapter of round 0: every party draws it for itself, or fetches it where that cannot be.
 *
 * @throws FedtuneError `layout-mismatch` when it is not the coordinator's; what transport and decoding throw
 */
export async function firstAdapter(
  ports: Pick<ClientPorts, "adapters" | "hash" | "transport">,
  { spec, run }: MessageOf<"welcome">,
  options: FirstAdapterOptions,
): Promise<HeldAdapter> {
  const { initial, adapter, initialHash } = spec;
  const { verify, layout } = options;
  // Drawn without a wait, so that of the clients of one process only the first one draws it.
  const values =
    ports.adapters?.get(initialHash) ??
    (initial.kind === "seed"
      ? drawn(layout, { adapter, key: initial.key })
      : await fetched(ports.transport, { initial, options }));
  const hash = verify ? ports.hash.sha256(float32Bytes(values)) : initialHash;
  if (hash !== initialHash) {
    const message = `Cannot join run "${run}": the adapter drawn from its seed differs from the coordinator's`;
    throw new FedtuneError("layout-mismatch", message, { data: { hash, expected: initialHash } });
  }
  ports.adapters?.set(hash, values);
  return { round: 0, hash, values };
}

type Initial = RunSpec["initial"];

function drawn(
  layout: Layout,
  { adapter, key }: Pick<RunSpec, "adapter"> & Pick<Extract<Initial, { kind: "seed" }>, "key">,
): Float32Array {
  const stream = rngFromState({ key, position: 0 });
  return initialAdapter(layout, { ...adapter, kind: adapterKind(adapter.kind) }, stream);
}

async function fetched(
  transport: ClientPorts["transport"],
  task: {
    readonly initial: Exclude<Initial, { kind: "seed" }>;
    readonly options: FirstAdapterOptions;
  },
): Promise<Float32Array> {
  const { hash, bytes: size } = task.initial;
  const { layout, layoutHash, signal } = task.options;
  const bytes = await transport.download({ hash, bytes: size }, signal);
  const length = layout.size;
  return decodeVectorBlob(bytes, { kind: "factors", codec: "f32", round: 0, layoutHash, length });
}

/** What the downloads of an order or an evaluation make of the adapter that a client holds. */
export interface Reception {
  readonly sent: Pick<MessageOf<"order">, "download" | "adapterHash">;
  /** The finished round whose adapter results. */
  readonly round: number;
  readonly from: HeldAdapter;
  /** Whether the result is hashed and compared with what was announced. */
  readonly verify: boolean;
  readonly signal: AbortSignal;
}

/**
 * Fetches the parts and applies them; the result is the adapter after the finished round.
 *
 * @throws FedtuneError `blob-corrupt` when the result is not the coordinator's; what transport and decoding throw
 */
export async function receiveAdapter(
  ports: Pick<ClientPorts, "adapters" | "hash" | "transport">,
  context: PartContext,
  { sent, round, from, verify, signal }: Reception,
): Promise<{ readonly next: HeldAdapter; readonly residuals: readonly BaseResidual[] }> {
  const blobs: Uint8Array[] = [];
  for (const { hash, bytes } of sent.download)
    blobs.push(await ports.transport.download({ hash, bytes }, signal));
  const shared = verify ? undefined : ports.adapters?.get(sent.adapterHash);
  const parts = sent.download.flatMap((ref, k): BroadcastPart[] => {
    const bytes = blobs[k];
    // Where another client of this process has built the adapter, only changes of the base are read.
    if (bytes === undefined || (shared !== undefined && ref.kind !== "residual")) return [];
    return [decodePart(bytes, ref, context)];
  });
  const values = shared ?? applyParts(context.layout, from.values, parts).values;
  const hash = verify ? ports.hash.sha256(float32Bytes(values)) : sent.adapterHash;
  if (hash !== sent.adapterHash) {
    const message = `Cannot use the adapter of round ${round}: what the downloads give is not the coordinator's`;
    throw new FedtuneError("blob-corrupt", message, {
      data: { hash, expected: sent.adapterHash },
    });
  }
  ports.adapters?.set(hash, values);
  const residuals = parts.flatMap((part) =>
    part.kind === "residual" ? [{ id: part.id, modules: part.modules }] : [],
  );
  return { next: { round, hash, values }, residuals };
}
