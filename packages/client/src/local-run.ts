/** One run at one client: what it holds, its local work, and the update on its way; every change is saved before use. */
import {
  adapterKind,
  applyParts,
  decodePart,
  encodeUpdate,
  FedtuneError,
  float32Bytes,
  gatherRoles,
  initialAdapter,
  layoutHash,
  rngFromState,
  scatterRoles,
} from "@fedtune/core";
import type {
  BaseResidual,
  BroadcastPart,
  ClientId,
  ClientRecord,
  DataRef,
  Delivery,
  Digest,
  FactorRole,
  Holding,
  Layout,
  MessageOf,
  PartContext,
  PendingUpdate,
  TrainControl,
} from "@fedtune/core";
import type { ClientPorts } from "./run-client.ts";

/** What a session does with its local run. */
export interface LocalRun {
  readonly layoutHash: Digest;
  holds(): Holding;
  pending(): Delivery | null;
  /** Downloads, trains, and saves the update; the caller then uploads it. */
  work(order: MessageOf<"order">, control: TrainControl): Promise<Delivery>;
  upload(delivery: Delivery, client: ClientId, signal: AbortSignal): Promise<void>;
  promote(): Promise<void>;
  discard(): Promise<void>;
}

interface Held {
  readonly round: number;
  readonly hash: Digest;
  readonly values: Float32Array;
}

/**
 * Opens the run from the client's durable record, or fresh from the run's seed.
 *
 * @throws FedtuneError `layout-mismatch` when this client's base model gives another adapter layout than the run's
 */
export async function openLocalRun(
  ports: ClientPorts,
  welcome: MessageOf<"welcome">,
  options: { readonly data: DataRef; readonly verify: boolean },
): Promise<LocalRun> {
  const { spec, run } = welcome;
  const { hash } = ports;
  const { layout, modules } = await ports.describe(spec);
  const layoutDigest = layoutHash(layout, hash);
  if (layoutDigest !== spec.layoutHash) {
    throw new FedtuneError(
      "layout-mismatch",
      `Cannot join run "${run}": this base model gives another adapter layout than "${spec.model}"`,
      {
        data: { layoutHash: layoutDigest, expected: spec.layoutHash },
      },
    );
  }
  const initial =
    ports.adapters?.get(spec.initialHash) ??
    initialAdapter(
      layout,
      adapterKind(spec.adapter.kind),
      rngFromState({ key: spec.initialSeed, position: 0 }),
    );
  ports.adapters?.set(spec.initialHash, initial);
  const first: Held = {
    round: 0,
    hash: options.verify ? hash.sha256(float32Bytes(initial)) : spec.initialHash,
    values: initial,
  };
  if (first.hash !== spec.initialHash) {
    throw new FedtuneError(
      "layout-mismatch",
      `Cannot join run "${run}": the adapter drawn from its seed differs from the coordinator's`,
    );
  }
  const saved = await ports.state.load(run);
  let held: Held = saved?.held ? heldOf(saved.held, ports) : first;
  let residuals: readonly BaseResidual[] = [];
  let personal = saved?.personal ?? null;
  let pending = saved?.pending ?? null;

  const save = (): Promise<void> => {
    const values = { round: held.round, rank: spec.adapter.rank, values: held.values };
    // A changed base lives in this process only: after a restart the client asks for a full snapshot.
    const kept = held.round === 0 || residuals.length > 0 ? null : values;
    return ports.state.save({ run, held: kept, personal, pending });
  };

  return {
    layoutHash: layoutDigest,
    holds: () => ({ round: held.round, hash: held.hash }),
    pending: () => (pending === null ? null : deliveryOf(pending)),
    async work(order, control) {
      const from = order.from === null ? first : held;
      const parts: PartContext = {
        rank: order.plan.rank,
        layout,
        layoutHash: layoutDigest,
        modules,
      };
      const received = await receive(ports, parts, {
        order,
        from,
        verify: options.verify,
        signal: control.signal,
      });
      held = received.next;
      residuals = order.from === null ? received.residuals : [...residuals, ...received.residuals];
      const { plan } = order;
      const start = withPersonal(layout, held.values, { roles: plan.personal, packed: personal });
      const result = await ports.trainer.train(
        {
          run,
          round: order.round,
          rank: plan.rank,
          adapter: { ...spec.adapter, rank: plan.rank },
          start,
          residuals,
          train: plan.train,
          task: spec.task,
          training: spec.training,
          seed: order.seed,
          data: options.data,
        },
        control,
      );
      control.signal.throwIfAborted();
      const update = encodeUpdate({
        layout,
        layoutHash: layoutDigest,
        round: order.round,
        roles: plan.upload,
        codec: plan.codec,
        start,
        trained: result.factors,
      });
      pending = {
        round: order.round,
        bytes: update,
        hash: hash.sha256(update),
        examples: result.examples,
        metrics: result.metrics,
        nextPersonal:
          plan.personal.length === 0 ? null : gatherRoles(layout, result.factors, plan.personal),
      };
      await save();
      return deliveryOf(pending);
    },
    async upload(delivery, client, signal) {
      if (pending?.hash !== delivery.blob.hash) {
        throw new FedtuneError(
          "internal",
          `Cannot upload round ${delivery.round}: its bytes are gone`,
        );
      }
      await ports.transport.upload({ run, round: pending.round, client }, pending, signal);
    },
    async promote() {
      personal = pending?.nextPersonal ?? personal;
      pending = null;
      await save();
    },
    async discard() {
      pending = null;
      await save();
    },
  };
}

function heldOf(saved: NonNullable<ClientRecord["held"]>, ports: ClientPorts): Held {
  return {
    round: saved.round,
    values: saved.values,
    hash: ports.hash.sha256(float32Bytes(saved.values)),
  };
}

function deliveryOf({ round, hash, bytes, examples, metrics }: PendingUpdate): Delivery {
  return { round, blob: { hash, bytes: bytes.length }, examples, metrics };
}

interface Reception {
  readonly order: MessageOf<"order">;
  readonly from: Held;
  readonly verify: boolean;
  readonly signal: AbortSignal;
}

/** Fetches an order's parts and applies them; the result is the adapter before this round. */
async function receive(
  ports: ClientPorts,
  context: PartContext,
  { order, from, verify, signal }: Reception,
): Promise<{ next: Held; residuals: readonly BaseResidual[] }> {
  const parts: BroadcastPart[] = [];
  for (const ref of order.download) {
    const bytes = await ports.transport.download({ hash: ref.hash, bytes: ref.bytes }, signal);
    parts.push(decodePart(bytes, ref, context));
  }
  const shared = verify ? undefined : ports.adapters?.get(order.adapterHash);
  const values = shared ?? applyParts(context.layout, from.values, parts).values;
  const residuals = parts.flatMap((part) =>
    part.kind === "residual" ? [{ id: part.id, modules: part.modules }] : [],
  );
  const hash = verify ? ports.hash.sha256(float32Bytes(values)) : order.adapterHash;
  if (hash !== order.adapterHash) {
    throw new FedtuneError(
      "blob-corrupt",
      `Cannot start round ${order.round}: the adapter built from the downloads is not the coordinator's`,
    );
  }
  ports.adapters?.set(hash, values);
  return { next: { round: order.round - 1, hash, values }, residuals };
}

/** The adapter with this client's own factors in place; the global values themselves when it has none. */
function withPersonal(
  layout: Layout,
  values: Float32Array,
  personal: { readonly roles: readonly FactorRole[]; readonly packed: Float32Array | null },
): Float32Array {
  const { roles, packed } = personal;
  if (packed === null) return values;
  const start = values.slice();
  scatterRoles(layout, start, { roles, packed });
  return start;
}
