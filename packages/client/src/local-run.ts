/** One run at one client: what it holds, its local work, and the update on its way; every change is saved before use. */
import {
  adapterKind,
  FedtuneError,
  float32Bytes,
  gatherRoles,
  startingResidual,
} from "@fedtune/core";
import type {
  BaseResidual,
  ClientId,
  ClientRecord,
  DataRef,
  Delivery,
  Digest,
  FactorRole,
  Holding,
  MessageOf,
  PartContext,
  PendingUpdate,
  TrainControl,
  TrainJob,
  TrainResult,
} from "@fedtune/core";
import { trainFromCold } from "./cold-start.ts";
import { encodedChange } from "./encoded-change.ts";
import { checkFinite, evaluateOwn } from "./evaluate-own.ts";
import type { OwnEvaluation } from "./evaluate-own.ts";
import { firstAdapter } from "./held-adapter.ts";
import type { HeldAdapter } from "./held-adapter.ts";
import { ownNoise } from "./own-noise.ts";
import { ownData } from "./own-data.ts";
import type { OwnData } from "./own-data.ts";
import { partContext } from "./part-context.ts";
import type { ClientPorts, OwnAdapter } from "./ports.ts";
import { openGuard } from "./privacy-guard.ts";
import type { PrivacyGuard } from "./privacy-guard.ts";
import { receive } from "./receive.ts";
import { sharedFacts } from "./shared-facts.ts";
import { withPersonal } from "./with-personal.ts";

/** What a session does with its local run. */
export interface LocalRun {
  readonly layoutHash: Digest;
  holds(): Holding;
  pending(): Delivery | null;
  /** Downloads, trains, and saves the update; the caller then uploads it. */
  work(order: MessageOf<"order">, control: TrainControl): Promise<Delivery>;
  /** Downloads, and evaluates the adapter with this client's own factors in place. */
  evaluate(request: MessageOf<"evaluate">, control: TrainControl): Promise<OwnEvaluation>;
  /** The adapter as this client has it; null while it cannot know which of its factors are its own. */
  adapter(): OwnAdapter | null;
  upload(delivery: Delivery, client: ClientId, signal: AbortSignal): Promise<void>;
  promote(): Promise<void>;
  discard(): Promise<void>;
}

/** Examples per batch when evaluating: only memory depends on it. */
const EVALUATION_BATCH = 32;

/** What stays the same for the whole run. */
interface Terms {
  readonly ports: ClientPorts;
  readonly welcome: MessageOf<"welcome">;
  readonly parts: PartContext;
  readonly data: OwnData;
  readonly verify: boolean;
  readonly first: HeldAdapter;
  /** What the first adapter takes out of the base. */
  readonly starting: readonly BaseResidual[];
  /** Null where nothing private is asked of this client. */
  readonly guard: PrivacyGuard | null;
}

/** What changes from round to round. */
interface Progress {
  held: HeldAdapter;
  /** Changes of the base since it was loaded, in order. */
  residuals: readonly BaseResidual[];
  /** This client's own factors, packed; null before its first accepted update. */
  personal: Float32Array | null;
  /** Which factors those are, as the coordinator last said; null before it did. */
  roles: readonly FactorRole[] | null;
  /** What sparse updates left unsent; null: nothing. */
  unsent: ClientRecord["unsent"];
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
    readonly evaluationData: DataRef | null;
    readonly verify: boolean;
    readonly signal: AbortSignal;
  },
): Promise<LocalRun> {
  const { evaluationData: evaluation, verify, signal } = options;
  const data = ownData(options.data, { evaluation, holdout: welcome.spec.holdout });
  const guard = await openGuard(welcome, ports);
  const parts = await partContext(ports, welcome);
  const { layout, layoutHash } = parts;
  const first = await firstAdapter(ports, welcome, { layout, layoutHash, verify, signal });
  const { adapter } = welcome.spec;
  const starting = startingResidual(layout, first, {
    init: adapter.init,
    scaling: adapterKind(adapter.kind).scaling(adapter),
  });
  const terms: Terms = { ports, welcome, parts, data, verify, first, starting, guard };
  const progress = await restored(terms);
  const { run } = welcome;
  return {
    layoutHash: parts.layoutHash,
    holds: () => ({ round: progress.held.round, hash: progress.held.hash }),
    pending: () => (progress.pending === null ? null : deliveryOf(progress.pending)),
    work: (order, control) => inTurn(ports, () => work(terms, progress, { order, control })),
    evaluate: (request, control) =>
      inTurn(ports, () => evaluate(terms, progress, { request, control })),
    adapter() {
      const { held, personal: own, roles, residuals } = progress;
      if (roles === null && own !== null) return null;
      const values = withPersonal(parts.layout, held, { own, roles: roles ?? [] }).slice();
      return { round: held.round, values, changesBase: starting.length + residuals.length > 0 };
    },
    async upload({ round, blob }, client, signal) {
      const { pending } = progress;
      if (pending?.hash !== blob.hash) {
        throw new FedtuneError("internal", `Cannot upload round ${round}: its bytes are gone`);
      }
      // The update may be given up while its bytes are on the way.
      ports.memory?.keep(pending.bytes);
      try {
        await ports.transport.upload({ run, round: pending.round, client }, pending, signal);
      } finally {
        ports.memory?.drop(pending.bytes);
      }
    },
    async promote() {
      const { pending } = progress;
      progress.personal = pending?.nextPersonal ?? progress.personal;
      if (pending !== null) progress.unsent = unsentAfter(pending);
      await giveUp(terms, progress);
    },
    discard: () => giveUp(terms, progress),
  };
}

/** The pending update is done with. */
async function giveUp(terms: Terms, progress: Progress): Promise<void> {
  const { pending } = progress;
  progress.pending = null;
  await save(terms, progress);
  if (pending !== null) terms.ports.memory?.drop(pending.bytes);
}

async function restored({ ports, welcome, first }: Terms): Promise<Progress> {
  const saved = await ports.state.load(welcome.run);
  const { held = null, personal = null, unsent = null, pending = null } = saved ?? {};
  const roles = null;
  if (held === null) return { held: first, residuals: [], personal, roles, unsent, pending };
  const { round, values } = held;
  const hash = ports.hash.sha256(float32Bytes(values));
  return { held: { round, hash, values }, residuals: [], personal, roles, unsent, pending };
}

function save({ ports, welcome, parts }: Terms, progress: Progress): Promise<void> {
  const { held, residuals, personal, unsent, pending } = progress;
  // A changed base lives in this process only: after a restart the client asks for a full snapshot.
  const isWhole = held.round > 0 && residuals.length === 0;
  const kept = isWhole ? { round: held.round, rank: parts.rank, values: held.values } : null;
  return ports.state.save({ run: welcome.run, held: kept, personal, unsent, pending });
}

interface Task {
  readonly order: MessageOf<"order">;
  readonly control: TrainControl;
}

/** One round: receive, train, encode, save. */
async function work(terms: Terms, progress: Progress, { order, control }: Task): Promise<Delivery> {
  const { ports, parts, guard } = terms;
  const { coldStart, personal } = order.plan;
  progress.roles = personal;
  await receive(terms, progress, { sent: order, round: order.round - 1, control });
  const own = ports.personal === undefined ? progress.personal : ports.personal.get();
  const start = withPersonal(parts.layout, progress.held, { own, roles: personal });
  const job = jobOf(terms, progress, { order, start });
  const isCold = coldStart === "fit" && personal.length > 0 && own === null;
  await guard?.reserve(order, { trainings: isCold ? 2 : 1 });
  const result = isCold
    ? await trainFromCold(ports.trainer, { job, personal }, control)
    : await ports.trainer.train(job, control);
  control.signal.throwIfAborted();
  if (ports.personal !== undefined)
    ports.personal.set(gatherRoles(parts.layout, result.factors, personal));
  const pending = updateOf(terms, { order, start, result, unsent: progress.unsent });
  // Charged before it is kept: what the ledger does not know must not be there to be sent after a restart.
  await guard?.spend(order, result.privacyEvents, pending.hash);
  progress.pending = pending;
  await save(terms, progress);
  return deliveryOf(pending);
}

/** Where several clients share their personal factors, one works after the other. */
function inTurn<T>({ personal }: ClientPorts, work: () => Promise<T>): Promise<T> {
  return personal === undefined ? work() : personal.inTurn(work);
}

async function evaluate(
  terms: Terms,
  progress: Progress,
  task: { readonly request: MessageOf<"evaluate">; readonly control: TrainControl },
): Promise<OwnEvaluation> {
  const { ports, parts, welcome, starting } = terms;
  const { request, control } = task;
  progress.roles = request.personal;
  await receive(terms, progress, { sent: request, round: request.round, control });
  const own = ports.personal === undefined ? progress.personal : ports.personal.get();
  const { run, spec } = welcome;
  const job = {
    ...{ run, rank: parts.rank, adapter: spec.adapter, task: spec.task },
    start: withPersonal(parts.layout, progress.held, { own, roles: request.personal }),
    residuals: [...starting, ...progress.residuals],
    data: terms.data.evaluation,
    batchSize: EVALUATION_BATCH,
    maxLength: spec.training.maxLength,
  };
  return evaluateOwn(ports.trainer, job, control);
}

interface Started {
  readonly order: MessageOf<"order">;
  readonly start: Float32Array;
}

function jobOf(
  { welcome, data: { training: data }, starting }: Terms,
  progress: Progress,
  { order, start }: Started,
): TrainJob {
  const { run, spec } = welcome;
  const { plan, round, seed } = order;
  const { task, training, privacy } = spec;
  const adapter = { ...spec.adapter, rank: plan.rank };
  const { rank, train, sparsify } = plan;
  const residuals = [...starting, ...progress.residuals];
  const freezeZeros =
    sparsify?.freezeZeros === true ? train.filter((role) => !sparsify.dense.includes(role)) : [];
  const work = { train, freezeZeros, task, training, privacy };
  return { run, round, rank, adapter, start, residuals, ...work, seed, data };
}

/** The update as it will travel, with what the client keeps if it is accepted. */
function updateOf(
  { ports, parts, welcome, guard }: Terms,
  task: Started & { readonly result: TrainResult; readonly unsent: ClientRecord["unsent"] },
): PendingUpdate {
  const { order, start, result } = task;
  const { layout, layoutHash: digest } = parts;
  const { plan, round } = order;
  const { factors } = result;
  const { examples, metrics } = sharedFacts(welcome.spec.privacy, result);
  checkFinite(metrics);
  const perturb = ownNoise(welcome.spec, order, ports.entropy ?? null);
  const { memory } = ports;
  const { bytes, norm, nextUnsent } = encodedChange(plan, task.unsent, {
    ...(perturb === null ? {} : { perturb }),
    ...(memory === undefined ? {} : { allocate: (length) => memory.take(length) }),
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
  // A ledger keeps the hash for good; another name is worth something in this process only.
  const name = guard === null && norm !== null ? memory?.name?.(bytes, norm) : undefined;
  const hash = name ?? ports.hash.sha256(bytes);
  return { round, bytes, hash, examples, metrics, nextPersonal, nextUnsent };
}

function unsentAfter({ round, nextUnsent }: PendingUpdate): ClientRecord["unsent"] {
  return nextUnsent === null ? null : { round, values: nextUnsent };
}

function deliveryOf({ round, hash, bytes, examples, metrics }: PendingUpdate): Delivery {
  return { round, blob: { hash, bytes: bytes.length }, examples, metrics };
}
