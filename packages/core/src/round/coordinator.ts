/**
 * The coordinator of one run: feeds what clients say into the engine and carries its effects out through ports.
 *
 * The only interpreter of {@link RoundEffect}; live server and simulation run this very code.
 */
import type { FactorRole } from "../adapter/layout.ts";
import type { RunConfig } from "../config/run-config.ts";
import type { ErrorCode } from "../errors.ts";
import type { Digest } from "../ids.ts";
import type { Metrics } from "../metrics.ts";
import type {
  BaseResidual,
  Blobs,
  Clock,
  Hash,
  ServerTransport,
  ServerTransportEvents,
  UpdatePrivacy,
} from "../ports.ts";
import { encodeMessage } from "../protocol/messages.ts";
import type { ServerMessage } from "../protocol/messages.ts";
import type { Resumption, RoundRow, RunEnd, Store } from "../store/store.ts";
import type { ArrivedUpdate } from "./arrivals.ts";
import type { RoundRules } from "./attempt.ts";
import { boundedBlobs, boundedStore } from "./bounded.ts";
import { connectionTable, trafficMeter } from "./connections.ts";
import type { Connections, TrafficMeter } from "./connections.ts";
import { performEffect } from "./drive.ts";
import { eventLoop } from "./event-loop.ts";
import { watchEvaluation } from "./federated-evaluation.ts";
import type { EvaluationNotes } from "./federated-evaluation.ts";
import type { GlobalModel } from "./global-model.ts";
import { openGlobalModel } from "./global-model.ts";
import { clientEvents } from "./reception.ts";
import type { Offload } from "./offload.ts";
import type { CoordinatorListener } from "./listener.ts";
import type { RunSetup } from "./setup.ts";
import { initialState } from "./state.ts";
import { countRefusals, lateAfter, leftRun } from "./take-up.ts";
import { noTimeline, openTimeline } from "./timeline.ts";
import type { AttemptTimeline, Timeline } from "./timeline.ts";
import { openTimers } from "./timers.ts";
import type { Timers } from "./timers.ts";
import type { RoundEvent, RoundState } from "./types.ts";
import { waits } from "./waits.ts";
import type { Wait } from "./waits.ts";

/** What a coordinator needs of the world. */
export interface CoordinatorPorts {
  readonly transport: ServerTransport;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly hash: Hash;
  /** Central evaluation on the operator's data; null when there is none. Not asked where clients evaluate. */
  readonly evaluate: ((model: EvaluatedModel) => Promise<Metrics>) | null;
  /** Protects whole clients; needed by runs with `privacy.mode` user-level, unused by all others. */
  readonly privacy?: UpdatePrivacy | null;
  /** Does the heavy work; absent or null: this thread does. */
  readonly offload?: Offload | null;
}

/** The global model after a round: an adapter of one rank over a base that the run may have changed. */
export interface EvaluatedModel {
  readonly adapter: Float32Array;
  readonly rank: number;
  readonly round: number;
  readonly residuals: readonly BaseResidual[];
}

/** What is kept after a round: everything (a server), or only the latest (a long simulation). */
export type Retention = "all" | "latest";

/** A wait with its end. */
export type TimedWait = Wait & {
  /** When its timer fires, on the coordinator's clock; null: it is work, which ends by itself. */
  readonly due: number | null;
};

/** A running coordinator. */
export interface Coordinator {
  readonly setup: RunSetup;
  /** Starts the rounds; resolves when the run has ended and its clients were told. */
  run(): Promise<RunEnd>;
  stop(): void;
  pause(): void;
  resume(): void;
  state(): RoundState;
  /** What the run waits for at the moment, and until when. */
  waits(): readonly TimedWait[];
  /** The members of the attempt at hand, or of the last one; null: none, or they are not noted. */
  timeline(): AttemptTimeline | null;
  /** The adapter after the last finished round; the caller owns it. */
  adapter(rank?: number): Float32Array;
  /** What the run has added to the base model up to the last finished round. */
  residuals(): Promise<readonly BaseResidual[]>;
  /** Roles that stay with the clients: the global adapter lacks them. */
  personal(): readonly FactorRole[];
  /** Feeds an event that did not come through the transport; for tests and operators. */
  post(event: RoundEvent): void;
}

/** What the parts of a coordinator share; each owns the fields that its file changes. */
export interface Context {
  readonly setup: RunSetup;
  readonly ports: CoordinatorPorts;
  readonly listener: CoordinatorListener;
  readonly retention: Retention;
  readonly epoch: number;
  /** An earlier process ended the run: all its attempts are over. */
  readonly endedBefore: boolean;
  readonly model: GlobalModel;
  readonly connections: Connections;
  readonly traffic: TrafficMeter;
  readonly round: RoundNotes;
  readonly evaluation: EvaluationNotes;
  readonly timeline: Timeline;
  readonly timers: Timers;
  readonly post: (event: RoundEvent, isDue?: () => boolean) => void;
  state(): RoundState;
  readonly send: (index: number, message: ServerMessage) => void;
  ended(end: RunEnd): void;
}

/** What is noted about the attempt at hand until its round is committed. */
export interface RoundNotes {
  openedAt: number;
  readonly refusals: Map<ErrorCode, number>;
  /** Refusals that were written down, by participantIndex. */
  readonly noted: Map<number, number>;
  /** Updates of the round that were announced and checked, by {@link arrivalKey}. */
  readonly arrived: Map<string, ArrivedUpdate>;
  /** Hashes of what each participant uploaded since the round opened. */
  readonly sent: Map<number, Set<Digest>>;
  /** The round that every uploaded blob is for; kept only by a coordinator that deletes them after their round. */
  readonly uploads: Map<Digest, number>;
  pending: Omit<RoundRow, "traffic" | "seconds"> | null;
}

/**
 * Opens a run at its store, fresh or where it was left, and listens on the transport.
 *
 * @throws FedtuneError `config-conflict` when the run protects whole clients and no port does so
 */
export async function openCoordinator(
  setup: RunSetup,
  given: CoordinatorPorts,
  options: { readonly listener?: CoordinatorListener; readonly retention?: Retention } = {},
): Promise<Coordinator> {
  const { config, hash } = setup.resolved;
  const { clock } = given;
  const store = boundedStore(given.store, clock);
  const ports = { ...given, store, blobs: boundedBlobs(given.blobs, clock) };
  const left = await ports.store.openRun({ id: setup.id, configHash: hash, config });
  const { epoch, end, last } = left;
  const model = await openGlobalModel(setup, ports, last);
  const rules = rulesOf(setup, ports);
  const takesLate = config.rounds.lateUpdates === "next-round" && last !== null;
  const before = takesLate ? await ports.store.getRoundDetails(setup.id, last.round) : null;
  const { context, pump, done } = assemble(setup, ports, {
    ...options,
    epoch,
    model,
    rules,
    left,
    late: before === null ? [] : lateAfter(before),
  });
  const events = clientEvents(context);
  ports.transport.listen(events satisfies ServerTransportEvents);
  return {
    setup,
    run() {
      if (end !== null) return Promise.resolve(end);
      pump({ type: "start" });
      return done;
    },
    stop: () => {
      pump({ type: "stop" });
    },
    pause: () => {
      pump({ type: "pause" });
    },
    resume: () => {
      pump({ type: "resume" });
    },
    state: () => context.state(),
    waits: () =>
      waits(context.state(), config.rounds).map((wait) => ({
        ...wait,
        due: wait.timer === null ? null : context.timers.due(wait.timer),
      })),
    timeline: () => context.timeline.now(),
    adapter: (rank = config.adapter.rank) => model.adapter(rank),
    residuals: () => model.residuals(),
    personal: () => model.plan(0).personal,
    post: pump,
  };
}

/** What the engine needs to know of the run. */
function rulesOf({ resolved: { config }, rng }: RunSetup, ports: CoordinatorPorts): RoundRules {
  const { evaluation } = config;
  const { metric, earlyStopping } = evaluation;
  return {
    policy: config.rounds,
    evaluateEvery: evaluates(config, ports) ? evaluation.everyRounds : 0,
    evaluatedBy: evaluation.where === "federated" ? "clients" : "coordinator",
    stopping: { metric, patience: null, minDelta: 0, ...earlyStopping },
    rng: rng.fork("rounds"),
  };
}

function evaluates({ evaluation }: RunConfig, { evaluate }: CoordinatorPorts): boolean {
  return evaluation.where === "federated" || evaluate !== null;
}

function timelineOf(
  { resolved }: RunSetup,
  { clock }: CoordinatorPorts,
  { listener, left, retention = "all" }: Assembly,
): Timeline {
  if (retention === "latest") return noTimeline();
  return openTimeline({
    clock,
    isBuffered: resolved.config.rounds.mode === "buffered",
    left: left.attempt,
    changed: (change) => {
      listener?.memberChanged?.(change);
    },
  });
}

interface Assembly {
  readonly listener?: CoordinatorListener;
  readonly retention?: Retention;
  readonly epoch: number;
  readonly model: GlobalModel;
  readonly rules: RoundRules;
  readonly left: Resumption;
  /** Participants that are late with the last finished round. */
  readonly late: readonly number[];
}

function assemble(setup: RunSetup, ports: CoordinatorPorts, assembly: Assembly) {
  let ended: (end: RunEnd) => void = () => undefined;
  const done = new Promise<RunEnd>((resolve) => (ended = resolve));
  const connections = connectionTable();
  const traffic = trafficMeter();
  const listener = assembly.listener ?? {};
  const { left } = assembly;
  const loop = eventLoop(initialState(leftRun(left, assembly.rules, assembly.late)), {
    rules: assembly.rules,
    perform: (effect) => performEffect(context, effect),
    changed(state, event) {
      context.timeline.follow(state, event);
      watchEvaluation(context, event);
      listener.stateChanged?.(state, event);
    },
  });
  const context: Context = {
    setup,
    ports,
    listener,
    retention: assembly.retention ?? "all",
    epoch: assembly.epoch,
    endedBefore: left.end !== null,
    model: assembly.model,
    connections,
    traffic,
    round: {
      openedAt: ports.clock.now(),
      refusals: countRefusals(left.attempt?.refusals ?? []),
      noted: new Map(),
      arrived: new Map(),
      sent: new Map(),
      uploads: new Map(),
      pending: null,
    },
    evaluation: { open: null },
    timeline: timelineOf(setup, ports, assembly),
    timers: openTimers(ports.clock),
    post: loop.post,
    state: loop.state,
    send(index, message) {
      const connected = connections.byIndex(index);
      if (connected === undefined) return;
      const text = encodeMessage(message);
      traffic.count("controlBytesDown", text.length);
      ports.transport.send(connected.connection, text, message);
    },
    ended: (end) => {
      ended(end);
    },
  };
  return { context, pump: loop.post, done };
}
