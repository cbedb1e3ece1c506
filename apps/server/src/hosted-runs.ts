/** The runs of a coordinator process: which of them it plays, and how it came to them. */
import { FedtuneError, inputError } from "@fedtune/core";
import type { Coordinator, RunEnd, RunId, Store } from "@fedtune/core";
import { nodeClock } from "@fedtune/node-ports";
import type { Cluster } from "./cluster/cluster.ts";
import type { EstimateOf } from "./http/estimates.ts";
import { runService } from "./http/open-runs.ts";
import { namesOfPages } from "./http/pages.ts";
import type { RunEvents } from "./http/run-events.ts";
import type { RunService } from "./http/run-service.ts";
import type { RunToServe } from "./run-registry.ts";
import type { Expects } from "./socket-hub.ts";
import type { ServerCore } from "./start-server.ts";

/** What runs are hosted with. */
export interface HostedRunsOptions {
  readonly core: ServerCore;
  readonly store: Store;
  readonly blobs: Parameters<typeof runService>[0]["blobs"];
  readonly events: RunEvents;
  readonly ledgerRows: Parameters<typeof runService>[0]["ledgerRows"];
  readonly estimate?: EstimateOf;
  readonly prepare: (config: Readonly<Record<string, unknown>>) => Promise<RunToServe>;
  /** Whether runs are served that nobody asked for here. */
  readonly servesAll: boolean;
}

/** A run that is played here. */
export interface Played {
  readonly coordinator: Coordinator;
  readonly ended: Promise<RunEnd>;
}

/** The runs of a process. */
export interface HostedRuns {
  readonly service: RunService;
  /** Opens a run that the cluster has taken. */
  readonly open: (run: RunId) => Promise<Coordinator>;
  readonly ended: (run: RunId, end: RunEnd) => void;
  /** Names the cluster that gives and takes runs; before anything is played. */
  readonly join: (cluster: Pick<Cluster, "look">) => void;
  /** Whether a run that is not open here is still going on, and may be opened here. */
  readonly expects: Expects;
  /** Takes a run as soon as nobody else has it. */
  readonly play: (run: RunToServe) => Promise<Played>;
}

interface Wanted {
  readonly run: RunToServe;
  readonly opened: (coordinator: Coordinator) => void;
  readonly over: (end: RunEnd) => void;
}

/** How often a run that another process holds is looked at again. */
const LOOK_AGAIN_MS = 500;

/** A process that plays but some runs is told which once it listens. */
const TOLD_WITHIN_MS = 30_000;

/** Makes the hosting of a process. */
export function hostedRuns(options: HostedRunsOptions): HostedRuns {
  const { core, store, prepare, servesAll } = options;
  const wanted = new Map<RunId, Wanted>();
  const startedAt = core.clock.now();
  const mayCome = (run: RunId): boolean =>
    servesAll || wanted.has(run) || core.clock.now() - startedAt < TOLD_WITHIN_MS;
  let cluster: Pick<Cluster, "look"> | null = null;
  const service = runService({
    ...options,
    ...{ registry: core.runs, clock: core.clock },
    place: async (run, { start }) => (await play(run, start)).coordinator,
  });
  const play = async (run: RunToServe, start = true): Promise<Played> => {
    const { id } = run.setup;
    let over: Wanted["over"] = () => undefined;
    const ended = new Promise<RunEnd>((resolve) => (over = resolve));
    const opening = new Promise<Coordinator>((opened) => {
      wanted.set(id, { run, opened, over });
    });
    try {
      await enter(store, run, start);
      const coordinator = await taken(opening, () => cluster?.look() ?? Promise.resolve());
      return { coordinator, ended };
    } catch (error) {
      wanted.delete(id);
      throw error;
    }
  };
  return {
    service,
    play: (run) => play(run),
    expects: async (run) =>
      (await store.getRuns()).some(
        ({ id, status }) => status === "running" && (run ?? id) === id && mayCome(id),
      ),
    join(joined) {
      cluster = joined;
    },
    async open(run) {
      const asked = wanted.get(run);
      if (asked === undefined && !servesAll) throw notHere(run);
      const coordinator = await service.open(
        asked?.run ?? (await prepare(await configOf(store, run))),
      );
      asked?.opened(coordinator);
      return coordinator;
    },
    ended(run, end) {
      wanted.get(run)?.over(end);
      wanted.delete(run);
      options.events.ended(run);
    },
  };
}

/** Writes a run down that is not there yet; one that is, is left to whoever has it. */
async function enter(store: Store, { setup }: RunToServe, start: boolean): Promise<void> {
  const { id, resolved } = setup;
  const { hash: configHash, config } = resolved;
  const known = (await store.getRuns()).find((head) => head.id === id);
  if (known === undefined) {
    if (namesOfPages.includes(id)) throw pageHas(id);
    const { epoch } = await store.openRun({ id, configHash, config });
    if (!start) await store.setPaused(id, epoch, true);
    return;
  }
  if (known.status !== "running") throw overAlready(id, known.status);
  if (known.configHash === configHash) return;
  const message = `Cannot go on with run "${id}": it was created with another config; name this one otherwise, or delete the other`;
  throw new FedtuneError("config-conflict", message, { data: { run: id } });
}

function pageHas(run: RunId): FedtuneError {
  const wanted = `another name than ${namesOfPages.join(" or ")}, which are addresses of pages`;
  return inputError([{ field: "name", value: run, wanted }], { what: "the run config" });
}

function overAlready(run: RunId, status: string): FedtuneError {
  const message = `Cannot start run "${run}": it has ended (${status}); name this one otherwise, or delete the other`;
  return new FedtuneError("config-conflict", message, { data: { run, status } });
}

/** Looks until the run is here; another process may have it until its lease ends. */
async function taken(
  opening: Promise<Coordinator>,
  look: () => Promise<void>,
): Promise<Coordinator> {
  for (;;) {
    await look();
    const coordinator = await Promise.race([opening, later()]);
    if (coordinator !== null) return coordinator;
  }
}

function later(): Promise<null> {
  return new Promise((resolve) => {
    nodeClock.after(LOOK_AGAIN_MS, () => {
      resolve(null);
    });
  });
}

async function configOf(store: Store, run: RunId): Promise<Readonly<Record<string, unknown>>> {
  const history = await store.getHistory(run);
  const config = history?.run.config;
  if (typeof config === "object" && config !== null) return { ...config };
  throw new FedtuneError("run-unknown", `Cannot find the config of run "${run}"`);
}

/** The cluster passes such a run by: others may want it. */
function notHere(run: RunId): FedtuneError {
  return new FedtuneError("run-unknown", `Cannot serve run "${run}": this process serves another`);
}
