/** The client loop: carries out what the session asks for, through ports; Node, browser and simulation run this code. */
import {
  asFedtuneError,
  encodeMessage,
  FedtuneError,
  newSession,
  parseServerMessage,
  stepSession,
} from "@fedtune/core";
import type {
  AdapterShape,
  ClientId,
  ClientState,
  ClientTransport,
  Clock,
  DataRef,
  Delivery,
  Digest,
  Hash,
  MessageOf,
  RunId,
  RunSpec,
  SessionEffect,
  SessionEnd,
  SessionEvent,
  SessionState,
  SessionTimer,
  Trainer,
} from "@fedtune/core";
import { openLocalRun } from "./local-run.ts";
import type { LocalRun } from "./local-run.ts";

/** What a client needs of the world. */
export interface ClientPorts {
  readonly transport: ClientTransport;
  readonly state: ClientState;
  readonly clock: Clock;
  readonly hash: Hash;
  readonly trainer: Trainer;
  /** Adapters by hash, shared by the clients of one process so that they are built and kept once; nobody may change them. */
  readonly adapters?: AdapterCache;
  /** What this client's own base model gives for the run's adapter. */
  readonly describe: (spec: RunSpec) => Promise<AdapterShape>;
}

/** A small cache of immutable adapters. */
export interface AdapterCache {
  get(hash: Digest): Float32Array | undefined;
  set(hash: Digest, values: Float32Array): void;
}

/** Tells the owner of a client what happens. */
export interface ClientListener {
  welcomed?(welcome: MessageOf<"welcome">): void;
  roundStarted?(round: number): void;
  progress?(progress: {
    readonly round: number;
    readonly done: number;
    readonly total: number;
    readonly loss?: number;
  }): void;
  delivered?(delivery: {
    readonly round: number;
    readonly bytes: number;
    readonly accepted: boolean;
    readonly reason?: string;
  }): void;
  declined?(failure: { readonly round: number; readonly message: string }): void;
  disconnected?(): void;
}

/** Who takes part, where and with what. */
export interface ClientOptions {
  readonly client: ClientId;
  readonly run: RunId | null;
  readonly data: DataRef;
  readonly software: string;
  readonly listener?: ClientListener;
  /** Whether the adapter's hash is checked against every order; the sender's hash otherwise suffices. */
  readonly verify?: boolean;
  /** Ends the session; the promise then resolves with kind `left`. */
  readonly signal?: AbortSignal;
}

const TIMER_MS: Readonly<Record<SessionTimer, number>> = {
  greeting: 5_000,
  heartbeat: 15_000,
  delivery: 5_000,
};

/**
 * Takes part in a run until it ends.
 *
 * @throws FedtuneError what made the session impossible: the coordinator's refusal comes back as its end instead
 */
export async function runClient(ports: ClientPorts, options: ClientOptions): Promise<SessionEnd> {
  const loop = sessionLoop(ports, options);
  const leave = (): void => {
    loop.post({ type: "leave" });
  };
  options.signal?.addEventListener("abort", leave, { once: true });
  if (options.signal?.aborted === true) leave();
  try {
    const opening = ports.transport.open(
      {
        message: (text) => {
          loop.hear(text);
        },
        disconnected() {
          options.listener?.disconnected?.();
          loop.post({ type: "disconnected" });
        },
        reconnected: () => {
          loop.post({ type: "opened" });
        },
      },
      loop.signal,
    );
    await Promise.race([
      opening.then(() => {
        loop.post({ type: "opened" });
      }),
      loop.done,
    ]);
    return await loop.done;
  } finally {
    options.signal?.removeEventListener("abort", leave);
    await loop.settled();
    await ports.transport.close();
  }
}

interface Loop {
  readonly done: Promise<SessionEnd>;
  readonly signal: AbortSignal;
  post(event: SessionEvent): void;
  hear(text: string): void;
  /** Resolves when no work and no save is under way; called after the end. */
  settled(): Promise<void>;
}

function sessionLoop(ports: ClientPorts, options: ClientOptions): Loop {
  let state: SessionState = newSession(options.client, options.software, options.run);
  let settle: { resolve: (end: SessionEnd) => void; reject: (error: unknown) => void } | null =
    null;
  const done = new Promise<SessionEnd>((resolve, reject) => (settle = { resolve, reject }));
  const lifetime = new AbortController();
  const runner = effectRunner(ports, options, {
    post,
    end: (end) => {
      lifetime.abort(new FedtuneError("cancelled", "The session has ended"));
      settle?.resolve(end);
    },
    fail,
    signal: lifetime.signal,
  });
  function post(event: SessionEvent): void {
    const [next, effects] = stepSession(state, event);
    state = next;
    for (const effect of effects) runner.perform(effect);
  }
  /** Ends the session with an error: timers and work stop as after any end. */
  function fail(error: unknown): void {
    settle?.reject(error);
    post({ type: "leave" });
  }
  return {
    done,
    signal: lifetime.signal,
    post,
    settled: runner.settled,
    hear(text) {
      try {
        const message = parseServerMessage(text);
        if (message.type === "welcome") options.listener?.welcomed?.(message);
        post({ type: "message", message });
      } catch (error) {
        fail(error);
      }
    },
  };
}

interface LoopHandle {
  post(event: SessionEvent): void;
  end(end: SessionEnd): void;
  fail(error: unknown): void;
  readonly signal: AbortSignal;
}

interface EffectRunner {
  perform(effect: SessionEffect): void;
  settled(): Promise<void>;
}

/** Performs effects; holds timers, the local run and the work at hand. */
function effectRunner(ports: ClientPorts, options: ClientOptions, loop: LoopHandle): EffectRunner {
  const timers = new Map<SessionTimer, () => void>();
  const tasks = new Set<Promise<void>>();
  let local: LocalRun | null = null;
  let work: { controller: AbortController; finished: Promise<void> } | null = null;
  const { listener } = options;

  async function prepare(welcome: MessageOf<"welcome">): Promise<void> {
    local = await openLocalRun(ports, welcome, {
      data: options.data,
      verify: options.verify ?? true,
    });
    loop.post({
      type: "prepared",
      layoutHash: local.layoutHash,
      holds: local.holds(),
      delivery: local.pending(),
    });
  }

  async function doWork(
    order: MessageOf<"order">,
    before: Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    await before;
    if (local === null || signal.aborted) return;
    listener?.roundStarted?.(order.round);
    const { round, attempt } = order;
    try {
      const delivery = await local.work(order, {
        signal,
        onProgress: (progress) => listener?.progress?.({ round, ...progress }),
      });
      loop.post({ type: "worked", delivery, holds: local.holds() });
    } catch (error) {
      const { code, message } = asFedtuneError(error, "training-failed");
      if (!signal.aborted) listener?.declined?.({ round, message });
      loop.post({ type: "workFailed", round, attempt, code, message, holds: local.holds() });
    }
  }

  async function upload(delivery: Delivery): Promise<void> {
    const { round } = delivery;
    try {
      await local?.upload(delivery, options.client, loop.signal);
      loop.post({ type: "uploaded", round });
    } catch (error) {
      const { code, message, retryable } = asFedtuneError(error);
      loop.post({ type: "uploadFailed", round, code, message, retryable });
    }
  }

  function run(task: Promise<void>): void {
    const settling = task.catch(loop.fail).finally(() => tasks.delete(settling));
    tasks.add(settling);
  }

  async function settled(): Promise<void> {
    while (tasks.size > 0) await Promise.all(tasks);
  }

  return { perform, settled };

  function perform(effect: SessionEffect): void {
    switch (effect.type) {
      case "send":
        ports.transport.send(encodeMessage(effect.message));
        return;
      case "prepare":
        run(prepare(effect.welcome));
        return;
      case "work": {
        const controller = new AbortController();
        const finished = doWork(
          effect.order,
          work?.finished ?? Promise.resolve(),
          controller.signal,
        );
        work = { controller, finished };
        run(finished);
        return;
      }
      case "abortWork":
        work?.controller.abort(new FedtuneError("cancelled", "The order was called off"));
        return;
      case "upload":
        run(upload(effect.delivery));
        return;
      case "promote":
        listener?.delivered?.({
          round: effect.round,
          bytes: local?.pending()?.blob.bytes ?? 0,
          accepted: true,
        });
        run(local?.promote() ?? Promise.resolve());
        return;
      case "discard":
        listener?.delivered?.({
          round: effect.round,
          bytes: local?.pending()?.blob.bytes ?? 0,
          accepted: false,
          reason: effect.message,
        });
        run(local?.discard() ?? Promise.resolve());
        return;
      case "startTimer":
        timers.get(effect.timer)?.();
        timers.set(
          effect.timer,
          ports.clock.after(TIMER_MS[effect.timer], () => {
            loop.post({ type: "timer", timer: effect.timer });
          }),
        );
        return;
      case "stopTimer":
        timers.get(effect.timer)?.();
        timers.delete(effect.timer);
        return;
      case "end":
        loop.end(effect.end);
        return;
      default:
        throw new FedtuneError(
          "internal",
          `Cannot perform ${JSON.stringify(effect satisfies never)}`,
        );
    }
  }
}
