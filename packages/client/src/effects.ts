/** Carrying out what a session asks for: messages, timers, local work, uploads. */
import { asFedtuneError, encodeMessage, FedtuneError } from "@fedtune/core";
import type {
  Delivery,
  Digest,
  MessageOf,
  SessionEffect,
  SessionEnd,
  SessionEvent,
  SessionTimer,
} from "@fedtune/core";
import { openLocalRun } from "./local-run.ts";
import type { LocalRun } from "./local-run.ts";
import type { ClientOptions, ClientPorts, OwnAdapter } from "./ports.ts";

const TIMER_MS: Readonly<Record<SessionTimer, number>> = {
  greeting: 5_000,
  heartbeat: 15_000,
  delivery: 5_000,
};

/** How effects report back to the loop. */
export interface LoopHandle {
  post(event: SessionEvent): void;
  end(end: SessionEnd): void;
  fail(error: unknown): void;
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
}

/** Performs effects; slow ones go on by themselves and post their outcome. */
export interface EffectPerformer {
  perform(effect: SessionEffect): void;
  /** Resolves when no work and no save is under way. */
  settled(): Promise<void>;
  /** The adapter as this client has it. */
  adapter(): OwnAdapter | null;
}

/** What the effects of one session share. */
interface Workshop {
  readonly ports: ClientPorts;
  readonly options: ClientOptions;
  readonly loop: LoopHandle;
  readonly timers: Map<SessionTimer, () => void>;
  /** Hashes of updates whose upload is under way. */
  readonly uploading: Set<Digest>;
  local: LocalRun | null;
  work: { readonly controller: AbortController; readonly finished: Promise<void> } | null;
  /** Starts something that the session's end waits for; its failure ends the session. */
  launch(task: Promise<void>): void;
}

/** Makes the performer of one session. */
export function effectPerformer(
  ports: ClientPorts,
  options: ClientOptions,
  loop: LoopHandle,
): EffectPerformer {
  const tasks = new Set<Promise<void>>();
  const workshop: Workshop = {
    ports,
    options,
    loop,
    timers: new Map(),
    uploading: new Set(),
    local: null,
    work: null,
    launch(task) {
      const settling = task.then(
        () => void tasks.delete(settling),
        (error: unknown) => {
          loop.fail(error);
          tasks.delete(settling);
        },
      );
      tasks.add(settling);
    },
  };
  return {
    perform: (effect) => {
      perform(workshop, effect);
    },
    async settled() {
      while (tasks.size > 0) await Promise.all(tasks);
    },
    adapter: () => workshop.local?.adapter() ?? null,
  };
}

function perform(workshop: Workshop, effect: SessionEffect): void {
  switch (effect.type) {
    case "send":
      workshop.ports.transport.send(encodeMessage(effect.message), effect.message);
      return;
    case "prepare":
      workshop.launch(prepare(workshop, effect.welcome));
      return;
    case "work":
      startWork(workshop, (signal) => work(workshop, effect.order, signal));
      return;
    case "evaluate":
      startWork(workshop, (signal) => evaluate(workshop, effect.request, signal));
      return;
    case "abortWork":
      workshop.work?.controller.abort(new FedtuneError("cancelled", "The work was called off"));
      return;
    case "upload":
      startUpload(workshop, effect.delivery);
      return;
    case "promote":
    case "discard":
      conclude(workshop, effect);
      return;
    case "startTimer":
      startTimer(workshop, effect.timer);
      return;
    case "stopTimer":
      stopTimer(workshop, effect.timer);
      return;
    case "end":
      workshop.loop.end(effect.end);
      return;
    default:
      throw new FedtuneError(
        "internal",
        `Cannot perform ${JSON.stringify(effect satisfies never)}`,
      );
  }
}

async function prepare(workshop: Workshop, welcome: MessageOf<"welcome">): Promise<void> {
  const { ports, options, loop } = workshop;
  const { data, evaluationData = null, verify = true } = options;
  const local = await openLocalRun(ports, welcome, {
    data,
    evaluationData,
    verify,
    signal: loop.signal,
  });
  workshop.local = local;
  const { layoutHash } = local;
  loop.post({ type: "prepared", layoutHash, holds: local.holds(), delivery: local.pending() });
}

/** One piece of work at a time: a new one starts when the one before, called off, has stopped. */
function startWork(workshop: Workshop, begin: (signal: AbortSignal) => Promise<void>): void {
  const controller = new AbortController();
  const before = workshop.work?.finished ?? Promise.resolve();
  const finished = before.then(() => begin(controller.signal));
  workshop.work = { controller, finished };
  workshop.launch(finished);
}

async function work(
  { local, loop, options, ports }: Workshop,
  order: MessageOf<"order">,
  signal: AbortSignal,
): Promise<void> {
  if (local === null || signal.aborted) return;
  const { listener, progressEveryMs = Infinity } = options;
  const { round, attempt } = order;
  listener?.roundStarted?.(round);
  let saidAt = ports.clock.now();
  try {
    const delivery = await local.work(order, {
      signal,
      onProgress: (progress) => {
        listener?.progress?.({ round, ...progress });
        if (ports.clock.now() - saidAt < progressEveryMs) return;
        saidAt = ports.clock.now();
        const done = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
        loop.post({ type: "progress", round, attempt, done });
      },
    });
    loop.post({ type: "worked", delivery, holds: local.holds() });
  } catch (error) {
    const { code, message } = asFedtuneError(error, "training-failed");
    const called = wasAborted(signal);
    if (!called) listener?.declined?.({ round, message });
    loop.post({ type: "workFailed", round, attempt, code, holds: local.holds() });
  }
}

async function evaluate(
  { local, loop, options }: Workshop,
  request: MessageOf<"evaluate">,
  signal: AbortSignal,
): Promise<void> {
  if (local === null || signal.aborted) return;
  const { listener } = options;
  const { round } = request;
  try {
    const result = await local.evaluate(request, { signal });
    const { metrics } = result;
    listener?.evaluated?.({ round, metrics: { ...metrics, examples: result.examples } });
    loop.post({ type: "evaluated", round, result, code: null, holds: local.holds() });
  } catch (error) {
    const { code, message } = asFedtuneError(error, "training-failed");
    if (!wasAborted(signal)) listener?.evaluated?.({ round, metrics: null, message });
    loop.post({ type: "evaluated", round, result: null, code, holds: local.holds() });
  }
}

/** Read anew: the signal may have been aborted while something was awaited. */
function wasAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** One upload of an update at a time: asked again while it is under way, the session waits for its outcome. */
function startUpload(workshop: Workshop, delivery: Delivery): void {
  const { uploading } = workshop;
  const { hash } = delivery.blob;
  if (uploading.has(hash)) return;
  uploading.add(hash);
  workshop.launch(upload(workshop, delivery).finally(() => uploading.delete(hash)));
}

async function upload({ local, loop, options }: Workshop, delivery: Delivery): Promise<void> {
  const { round } = delivery;
  try {
    await local?.upload(delivery, options.client, loop.signal);
    loop.post({ type: "uploaded", round });
  } catch (error) {
    const { code, message, retryable } = asFedtuneError(error);
    loop.post({ type: "uploadFailed", round, code, message, retryable });
  }
}

/** The coordinator has answered: the update is done with, for good or ill. */
function conclude(
  workshop: Workshop,
  effect: Extract<SessionEffect, { type: "promote" | "discard" }>,
): void {
  const { local, options } = workshop;
  const { round } = effect;
  const bytes = local?.pending()?.blob.bytes ?? 0;
  if (effect.type === "promote") options.listener?.delivered?.({ round, bytes, accepted: true });
  else options.listener?.delivered?.({ round, bytes, accepted: false, reason: effect.message });
  if (local !== null)
    workshop.launch(effect.type === "promote" ? local.promote() : local.discard());
}

function startTimer(workshop: Workshop, timer: SessionTimer): void {
  stopTimer(workshop, timer);
  const { ports, loop, timers, options } = workshop;
  const ms = timer === "heartbeat" ? (options.heartbeatMs ?? TIMER_MS.heartbeat) : TIMER_MS[timer];
  if (ms === Infinity) return;
  timers.set(
    timer,
    ports.clock.after(ms, () => {
      loop.post({ type: "timer", timer });
    }),
  );
}

function stopTimer({ timers }: Workshop, timer: SessionTimer): void {
  timers.get(timer)?.();
  timers.delete(timer);
}
