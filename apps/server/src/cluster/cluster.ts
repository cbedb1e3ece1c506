/**
 * Several coordinator processes on one database and one blob store: each run is owned by one of them, clients are
 * connected to any, and what a dead process owned another one takes over.
 */
import type { Blobs, Clock, Coordinator, RunEnd, RunId } from "@fedtune/core";
import type { SocketHub } from "../socket-hub.ts";
import type { Bus } from "./bus.ts";
import type { LeaseTable, OwnedRun } from "./lease-table.ts";
import { leaseKeeper, renewalsPerLease } from "./leases.ts";
import type { Lease } from "./leases.ts";
import { openRelay } from "./relay.ts";
import type { Relay } from "./relay.ts";

/** What a cluster's process is made of. */
export interface ClusterOptions {
  readonly bus: Bus;
  /** The leases of this process; its name is the bus' own. */
  readonly table: LeaseTable;
  readonly hub: Pick<SocketHub, "add">;
  readonly blobs: Blobs;
  readonly clock: Clock;
  /** How long the runs of a process that fell silent stay its own, in milliseconds. */
  readonly leaseMs: number;
  /** Opens the coordinator of a run that this process has just taken; its rounds are started by the cluster. */
  readonly open: (run: RunId) => Promise<Coordinator>;
  /** The run is this process' no more: with its end, or with `stale-epoch` because another process goes on with it. */
  readonly ended: (run: RunId, end: RunEnd) => void;
  /** Hears what went wrong; it is tried again. */
  readonly failed: (what: string, error: unknown) => void;
}

/** One process of a cluster. */
export interface Cluster {
  readonly self: string;
  /** Lines that reach clients at all processes; in place of the hub's. */
  readonly relay: Pick<Relay, "add">;
  /** Takes what nobody owns, now and as long as the cluster is open. */
  start(): Promise<void>;
  /** Looks at the runs at once, for example after one was created; otherwise it happens several times per lease. */
  look(): Promise<void>;
  /** Takes no further runs; those it has go on. */
  drain(): void;
  /** Gives all runs back and leaves; the bus is its owner's to close. */
  close(): Promise<void>;
}

interface State extends ClusterOptions {
  readonly keeper: ReturnType<typeof leaseKeeper>;
  readonly relay: Relay;
  /** Runs that could not be opened here, and when to try again. */
  readonly shunned: Map<RunId, number>;
  /** Runs that are being played here, and how to let go of them. */
  readonly playing: Map<RunId, { readonly over: Promise<void>; readonly letGo: () => void }>;
  /** Whether runs that nobody owns are taken. */
  taking: boolean;
  joined: boolean;
  looking: Promise<void> | null;
  cancel: () => void;
}

/** Joins the cluster; nothing is taken before {@link Cluster.start}. */
export function joinCluster(options: ClusterOptions): Cluster {
  const { bus, table, hub, blobs, clock, leaseMs, failed } = options;
  if (table.self !== bus.self)
    throw new RangeError(`Cannot be process "${bus.self}" and take leases as "${table.self}"`);
  const keeper = leaseKeeper({
    ...{ table, clock, leaseMs },
    failed: (error) => {
      failed("renewing leases", error);
    },
  });
  const state: State = {
    ...options,
    ...{ keeper, relay: openRelay({ bus, hub, blobs }), shunned: new Map() },
    ...{ playing: new Map(), taking: true, joined: true, looking: null, cancel: () => undefined },
  };
  return {
    self: bus.self,
    relay: state.relay,
    async start() {
      await look(state);
      schedule(state);
    },
    look: () => look(state),
    drain() {
      state.taking = false;
    },
    async close() {
      state.taking = false;
      state.joined = false;
      state.cancel();
      await state.looking;
      const playing = [...state.playing.values()];
      for (const { letGo } of playing) letGo();
      await Promise.all(playing.map(({ over }) => over));
      await keeper.close();
      await table.leave();
    },
  };
}

function schedule(state: State): void {
  const { clock, leaseMs } = state;
  state.cancel = clock.after(leaseMs / renewalsPerLease, () => {
    void look(state).finally(() => {
      if (state.joined) schedule(state);
    });
  });
}

/** One look at a time. */
function look(state: State): Promise<void> {
  state.looking ??= lookOnce(state)
    .catch((error: unknown) => {
      state.failed("looking at the runs", error);
    })
    .finally(() => {
      state.looking = null;
    });
  return state.looking;
}

async function lookOnce(state: State): Promise<void> {
  const { table, relay, leaseMs } = state;
  relay.living(await table.beat(leaseMs));
  const runs = await table.runs();
  for (const one of runs) await attend(state, one);
  relay.keep(new Set(runs.map(({ run }) => run)));
}

async function attend(state: State, { run, owner }: OwnedRun): Promise<void> {
  const { keeper, relay, clock, shunned } = state;
  if (keeper.held().has(run)) return;
  const isShunned = (shunned.get(run) ?? -Infinity) > clock.now();
  const lease = owner === null && state.taking && !isShunned ? await keeper.acquire(run) : null;
  if (lease === null) {
    // Not waited for: a process that is gone answers nothing, and the next runs and heartbeats must not be late for it.
    relay.follow(run, owner).catch((error: unknown) => {
      state.failed(`following run "${run}"`, error);
    });
    return;
  }
  const letGo = new AbortController();
  const signal = AbortSignal.any([lease.lost, letGo.signal]);
  const over = goOn(state, lease, signal).finally(() => state.playing.delete(run));
  state.playing.set(run, {
    over,
    letGo: () => {
      letGo.abort();
    },
  });
}

/** Opens a run and plays it to its end, or until it has to be let go. */
async function goOn(state: State, lease: Lease, signal: AbortSignal): Promise<void> {
  const { run } = lease;
  try {
    const coordinator = await state.open(run);
    const stop = (): void => {
      // The engine's own way out of a run that is another's: clients are let go without a word, nothing is written.
      coordinator.post({ type: "broken", ...reasonOf(lease) });
    };
    // Started in any case: an engine that was never started has no end.
    const ending = coordinator.run();
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
    const end = await ending;
    if (isOver(end)) await release(state, lease);
    else await handOver(state, lease);
    state.ended(run, end);
  } catch (error) {
    state.failed(`run "${run}"`, error);
    await handOver(state, lease);
  }
}

/** Lets a run go that others, or this process later, can go on with. */
async function handOver(state: State, lease: Lease): Promise<void> {
  const { run } = lease;
  state.relay.leave(run);
  state.shunned.set(run, state.clock.now() + state.leaseMs);
  await release(state, lease);
}

/** What cannot be given back ends by itself. */
async function release(state: State, lease: Lease): Promise<void> {
  await lease.release().catch((error: unknown) => {
    state.failed(`giving back run "${lease.run}"`, error);
  });
}

function reasonOf({ run }: Lease) {
  const message = `Cannot go on with run "${run}": another process may own it`;
  return { code: "stale-epoch", message } as const;
}

/** Whether the end is the run's own: it was written down. */
function isOver({ failure }: RunEnd): boolean {
  return failure?.code !== "stale-epoch" && failure?.code !== "storage-failed";
}
