/** One run at one client: what it holds, its local work, and the update on its way; every change is saved before use. */
import {
  adapterKind,
  encodeUpdate,
  FedtuneError,
  float32Bytes,
  gatherRoles,
  layoutHash,
  modulesHash,
  scatterRoles,
  startingResidual,
} from "@fedtune/core";
import type {
  BaseResidual,
  ClientId,
  DataRef,
  Delivery,
  Digest,
  Holding,
  Layout,
  MessageOf,
  PartContext,
  PendingUpdate,
  Plan,
  TrainControl,
  TrainJob,
  TrainResult,
} from "@fedtune/core";
import { firstAdapter, receiveAdapter } from "./held-adapter.ts";
import type { HeldAdapter } from "./held-adapter.ts";
import type { ClientPorts } from "./ports.ts";

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

/** What stays the same for the whole run. */
interface Terms {
  readonly ports: ClientPorts;
  readonly welcome: MessageOf<"welcome">;
  readonly parts: PartContext;
  readonly data: DataRef;
  readonly verify: boolean;
  readonly first: HeldAdapter;
  /** What the first adapter takes out of the base. */
  readonly starting: readonly BaseResidual[];
}

/** What changes from round to round. */
interface Progress {
  held: HeldAdapter;
  /** Changes of the base since it was loaded, in order. */
  residuals: readonly BaseResidual[];
  /** This client's own factors, packed; null before its first accepted update. */
  personal: Float32Array | null;
  pending: PendingUpdate | null;
}

/**
 * Opens the run from the client's durable record, or fresh from the run's seed.
 *
 * @throws FedtuneError `layout-mismatch` when this client's base model gives another adapter layout than the run's
 */
export async function openLocalRun(
  ports: ClientPorts,
  welcome: MessageOf<"welcome">,
  options: {
    readonly data: DataRef;
    readonly verify: boolean;
    readonly signal: AbortSignal;
  },
): Promise<LocalRun> {
  const { data, verify, signal } = options;
  const parts = await partContext(ports, welcome);
  const { layout, layoutHash } = parts;
  const first = await firstAdapter(ports, welcome, { layout, layoutHash, verify, signal });
  const { adapter } = welcome.spec;
  const starting = startingResidual(layout, first, {
    init: adapter.init,
    scaling: adapterKind(adapter.kind).scaling(adapter),
  });
  const terms: Terms = { ports, welcome, parts, data, verify, first, starting };
  const progress = await restored(terms);
  const { run } = welcome;
  return {
    layoutHash: parts.layoutHash,
    holds: () => ({ round: progress.held.round, hash: progress.held.hash }),
    pending: () => (progress.pending === null ? null : deliveryOf(progress.pending)),
    work: (order, control) => work(terms, progress, { order, control }),
    async upload({ round, blob }, client, signal) {
      const { pending } = progress;
      if (pending?.hash !== blob.hash) {
        throw new FedtuneError("internal", `Cannot upload round ${round}: its bytes are gone`);
      }
      await ports.transport.upload({ run, round: pending.round, client }, pending, signal);
    },
    async promote() {
      progress.personal = progress.pending?.nextPersonal ?? progress.personal;
      progress.pending = null;
      await save(terms, progress);
    },
    async discard() {
      progress.pending = null;
      await save(terms, progress);
    },
  };
}

async function partContext(
  ports: ClientPorts,
  { run, spec }: MessageOf<"welcome">,
): Promise<PartContext> {
  const { layout, modules } = await ports.describe(spec);
  const hash = layoutHash(layout, ports.hash);
  if (hash !== spec.layoutHash) {
    const message = `Cannot join run "${run}": this base model gives another adapter layout than "${spec.model}"`;
    throw new FedtuneError("layout-mismatch", message, {
      data: { layoutHash: hash, expected: spec.layoutHash },
    });
  }
  const names = modulesHash(modules, ports.hash);
  return { rank: spec.adapter.rank, layout, layoutHash: hash, modules, modulesHash: names };
}

async function restored({ ports, welcome, first }: Terms): Promise<Progress> {
  const saved = await ports.state.load(welcome.run);
  const { held = null, personal = null, pending = null } = saved ?? {};
  if (held === null) return { held: first, residuals: [], personal, pending };
  const { round, values } = held;
  const hash = ports.hash.sha256(float32Bytes(values));
  return { held: { round, hash, values }, residuals: [], personal, pending };
}

function save({ ports, welcome, parts }: Terms, progress: Progress): Promise<void> {
  const { held, residuals, personal, pending } = progress;
  // A changed base lives in this process only: after a restart the client asks for a full snapshot.
  const isWhole = held.round > 0 && residuals.length === 0;
  const kept = isWhole ? { round: held.round, rank: parts.rank, values: held.values } : null;
  return ports.state.save({ run: welcome.run, held: kept, personal, pending });
}

interface Task {
  readonly order: MessageOf<"order">;
  readonly control: TrainControl;
}

/** One round: receive, train, encode, save. */
async function work(terms: Terms, progress: Progress, { order, control }: Task): Promise<Delivery> {
  const { ports, parts, first, verify } = terms;
  const isSnapshot = order.from === null;
  const from = isSnapshot ? first : progress.held;
  const reception = { order, from, verify, signal: control.signal };
  const received = await receiveAdapter(ports, parts, reception);
  progress.held = received.next;
  progress.residuals = isSnapshot
    ? received.residuals
    : [...progress.residuals, ...received.residuals];
  const start = withPersonal(parts.layout, progress, order.plan);
  const result = await ports.trainer.train(jobOf(terms, progress, { order, start }), control);
  control.signal.throwIfAborted();
  const pending = updateOf(terms, { order, start, result });
  progress.pending = pending;
  await save(terms, progress);
  return deliveryOf(pending);
}

interface Started {
  readonly order: MessageOf<"order">;
  readonly start: Float32Array;
}

function jobOf(
  { welcome, data, starting }: Terms,
  progress: Progress,
  { order, start }: Started,
): TrainJob {
  const { run, spec } = welcome;
  const { plan, round, seed } = order;
  const { task, training } = spec;
  const adapter = { ...spec.adapter, rank: plan.rank };
  const { rank, train } = plan;
  const residuals = [...starting, ...progress.residuals];
  return { run, round, rank, adapter, start, residuals, train, task, training, seed, data };
}

/** The update as it will travel, with what the client keeps if it is accepted. */
function updateOf(
  { ports, parts }: Terms,
  { order, start, result }: Started & { readonly result: TrainResult },
): PendingUpdate {
  const { layout, layoutHash: digest } = parts;
  const { plan, round } = order;
  const { factors, examples, metrics } = result;
  for (const [name, value] of Object.entries(metrics)) {
    if (Number.isFinite(value)) continue;
    throw new FedtuneError(
      "not-finite",
      `Cannot report metric "${name}": it is ${value}, wanted a finite number`,
    );
  }
  const bytes = encodeUpdate({
    layout,
    layoutHash: digest,
    round,
    roles: plan.upload,
    codec: plan.codec,
    start,
    trained: factors,
  });
  const hasOwn = plan.personal.length > 0;
  const nextPersonal = hasOwn ? gatherRoles(layout, factors, plan.personal) : null;
  return { round, bytes, hash: ports.hash.sha256(bytes), examples, metrics, nextPersonal };
}

function deliveryOf({ round, hash, bytes, examples, metrics }: PendingUpdate): Delivery {
  return { round, blob: { hash, bytes: bytes.length }, examples, metrics };
}

/** The held adapter with this client's own factors in place; the held values themselves when it has none. */
function withPersonal(layout: Layout, { held, personal }: Progress, plan: Plan): Float32Array {
  if (personal === null) return held.values;
  const start = held.values.slice();
  scatterRoles(layout, start, { roles: plan.personal, packed: personal });
  return start;
}
