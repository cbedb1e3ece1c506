/** The runs of a server: each with its coordinator, its line to clients, and what is known of its timers. */
import { FedtuneError, openCoordinator } from "@fedtune/core";
import type {
  Blobs,
  Clock,
  Coordinator,
  CoordinatorListener,
  CoordinatorPorts,
  Hash,
  Retention,
  RoundState,
  RunId,
  RunSetup,
  ServerTransport,
  Store,
} from "@fedtune/core";
import { maxUploadBytes } from "./limits.ts";
import type { ServerLog } from "./log.ts";
import type { SocketHub } from "./socket-hub.ts";

/** A run to serve. */
export interface RunToServe {
  readonly setup: RunSetup;
  /** Central evaluation on the operator's data; null or absent: none. */
  readonly evaluate?: CoordinatorPorts["evaluate"];
  /** Protects whole clients; needed by runs with `privacy.mode` user-level. */
  readonly privacy?: CoordinatorPorts["privacy"];
  readonly listener?: CoordinatorListener;
  readonly retention?: Retention;
}

/** A deadline that a run is waiting for. */
export interface Countdown {
  readonly timer: "wait" | "round";
  readonly remainingMs: number;
}

/** An open run. */
export interface OpenRun {
  /** Its end of the connections to its clients. */
  readonly line: Pick<ServerTransport, "close">;
  readonly coordinator: Coordinator;
  /** The deadline that the run is waiting for, if any. */
  countdown(): Countdown | null;
}

/** The open runs in the order of their opening. */
export interface RunRegistry {
  open(run: RunToServe): Promise<Coordinator>;
  /** Ends the run's line to its clients and forgets it; the store keeps it. */
  close(run: RunId): Promise<void>;
  /** @throws FedtuneError `run-unknown` */
  get(run: RunId): OpenRun;
  all(): readonly OpenRun[];
}

/** What runs share. */
export interface RegistryPorts {
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly hash: Hash;
  /** Where runs get their lines to clients. */
  readonly hub: Pick<SocketHub, "add">;
  readonly log: ServerLog;
  /** Wraps every run's ports before its coordinator gets them: figures, threads. */
  readonly equip?: Equip;
}

/** Changes the ports of a run, and says what else listens to it. */
export type Equip = (
  setup: RunSetup,
  ports: CoordinatorPorts,
) => { readonly ports: CoordinatorPorts; readonly listener?: CoordinatorListener };

/** Makes an empty registry. */
export function runRegistry(ports: RegistryPorts): RunRegistry {
  const runs = new Map<RunId, OpenRun>();
  return {
    async open(run) {
      const opened = await openRun(ports, run);
      runs.set(run.setup.id, opened);
      return opened.coordinator;
    },
    async close(id) {
      const run = runs.get(id);
      runs.delete(id);
      await run?.line.close();
    },
    get(id) {
      const run = runs.get(id);
      if (run !== undefined) return run;
      throw new FedtuneError(
        "run-unknown",
        `Cannot find run "${id}": this server has ${runs.size} runs`,
      );
    },
    all: () => [...runs.values()],
  };
}

async function openRun(ports: RegistryPorts, run: RunToServe): Promise<OpenRun> {
  const { setup, evaluate = null, privacy = null, listener = {}, retention = "all" } = run;
  const { store, blobs, clock, hash, hub, log, equip = unchanged } = ports;
  const { transport } = hub.add(setup.id, maxUploadBytes(setup));
  const phases = phaseWatch(setup, clock);
  try {
    const given = { transport, store, blobs, clock, hash, evaluate, privacy };
    const equipped = equip(setup, given);
    const coordinator = await openCoordinator(setup, equipped.ports, {
      retention,
      listener: joinedListeners([
        logging(setup.id, log),
        { stateChanged: phases.note },
        equipped.listener ?? {},
        listener,
      ]),
    });
    return { coordinator, line: transport, countdown: phases.countdown };
  } catch (error) {
    await transport.close();
    throw error;
  }
}

const unchanged: Equip = (_setup, ports) => ({ ports });

/** Notes when the run began to wait for what it waits for now. */
function phaseWatch({ resolved }: RunSetup, clock: Clock) {
  const { waitTimeoutMs, roundTimeoutMs } = resolved.config.rounds;
  let current: { state: RoundState; since: number } | null = null;
  return {
    note: (state: RoundState): void => {
      const { state: before } = current ?? { state: null };
      const isSame =
        before?.phase === state.phase &&
        before.round === state.round &&
        before.attempt === state.attempt;
      current = { state, since: isSame && current !== null ? current.since : clock.now() };
    },
    countdown: (): Countdown | null => {
      if (current === null) return null;
      const { state, since } = current;
      const left = (ms: number): number => Math.max(0, Math.round(since + ms - clock.now()));
      if (state.phase === "waiting") return { timer: "wait", remainingMs: left(waitTimeoutMs) };
      if (state.phase === "collecting")
        return { timer: "round", remainingMs: left(roundTimeoutMs) };
      return null;
    },
  };
}

function logging(run: RunId, log: ServerLog): CoordinatorListener {
  return {
    roundCommitted: ({ round, accepted, seconds }) => {
      log.committed({ run, round, accepted: accepted.length, seconds });
    },
    refused: ({ client, code, round }) => {
      log.refused({ run, client, code, round });
    },
    attemptAbandoned: ({ round, attempt, code }) => {
      log.abandoned({ run, round, attempt, code });
    },
  };
}

/** One listener that tells several. */
export function joinedListeners(listeners: readonly CoordinatorListener[]): CoordinatorListener {
  return {
    stateChanged: (state, event) => {
      for (const one of listeners) one.stateChanged?.(state, event);
    },
    roundCommitted: (row) => {
      for (const one of listeners) one.roundCommitted?.(row);
    },
    evaluated: (row) => {
      for (const one of listeners) one.evaluated?.(row);
    },
    refused: (refusal) => {
      for (const one of listeners) one.refused?.(refusal);
    },
    attemptAbandoned: (attempt) => {
      for (const one of listeners) one.attemptAbandoned?.(attempt);
    },
    memberChanged: (change) => {
      for (const one of listeners) one.memberChanged?.(change);
    },
  };
}
