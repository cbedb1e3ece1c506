/** The run service over the registry and the store of this process. */
import { FedtuneError, hasEnded } from "@fedtune/core";
import type { Clock, Coordinator, RunId, StoredRun } from "@fedtune/core";
import { joinedListeners } from "../run-registry.ts";
import type { OpenRun, RunRegistry, RunToServe } from "../run-registry.ts";
import type { Feed } from "./feed.ts";
import type { EstimateOf } from "./estimates.ts";
import { runFigures } from "./figures.ts";
import type { FiguresOf } from "./figures.ts";
import { pageFrom } from "./page.ts";
import type { RunEvents } from "./run-events.ts";
import { runHistory, storedRun } from "./run-history.ts";
import type { HistoryPorts } from "./run-history.ts";
import type { RunDetails, RunEvent, RunService } from "./run-service.ts";
import { configIn, detailsOf, openSummary, storedSummary } from "./run-view.ts";
import type { RunSummary } from "./run-view.ts";
import { steering } from "./steering.ts";
import type { Command, Steering } from "./steering.ts";

/** What the service stands on. */
export interface RunServiceOptions extends HistoryPorts {
  readonly registry: RunRegistry;
  readonly clock: Clock;
  readonly events: RunEvents;
  /**
   * Makes a run ready to be opened from a config document.
   *
   * @throws FedtuneError `config-invalid`, `config-conflict` and what reading the base model throws
   */
  readonly prepare: (document: Readonly<Record<string, unknown>>) => Promise<RunToServe>;
  /** Absent: this server makes no estimates. */
  readonly estimate?: EstimateOf;
  /**
   * Gives a new run to whoever is to play it, and resolves when it is open: here, by {@link RunService.open}. Without
   * `start` it is paused before anything happens. Absent: it is opened and begun at once.
   */
  readonly place?: (run: RunToServe, how: { readonly start: boolean }) => Promise<Coordinator>;
}

interface Parts extends RunServiceOptions {
  readonly helm: Steering;
  /** Names that are being created. */
  readonly making: Set<RunId>;
  readonly figures: FiguresOf;
}

/** Makes the service. */
export function runService(options: RunServiceOptions): RunService {
  const { store, registry } = options;
  const parts: Parts = {
    ...options,
    helm: steering(options.clock),
    making: new Set(),
    figures: runFigures(store),
  };
  return {
    ...runHistory({ ...options, openOf: (run) => openOf(parts, run) }),
    create: ({ config, start }) => createRun(parts, config, start),
    open: (run) => openRun(parts, run),
    estimate: options.estimate ?? noEstimates,
    async list({ status, text, ...place }) {
      const { rows, total } = await store.findRuns({ status, text }, place);
      const items = await Promise.all(rows.map((run) => summaryOf(parts, run)));
      return pageFrom({ rows: items, total }, place.from);
    },
    get: (run) => describe(parts, run),
    pause: (run) => steer(parts, run, "pause"),
    resume: (run) => steer(parts, run, "resume"),
    stop: (run) => steer(parts, run, "stop"),
    async delete(run) {
      const { status } = await storedRun(store, run);
      if (status === "running") throw refusal(run, "deleted while it is running; stop it first");
      if (openOf(parts, run) !== undefined) await registry.close(run);
      options.events.forget(run);
      await store.deleteRun(run);
    },
    follow: (run) => follow(parts, run),
  };
}

function noEstimates(): Promise<never> {
  const message = "Cannot estimate: this server knows no base models";
  return Promise.reject(new FedtuneError("usage", message));
}

async function createRun(
  parts: Parts,
  document: Readonly<Record<string, unknown>>,
  start: boolean,
): Promise<RunDetails> {
  const { making } = parts;
  const prepared = await parts.prepare(document);
  const { id } = prepared.setup;
  const isTaken = (await parts.store.getRun(id)) !== null;
  if (isTaken || making.has(id)) {
    const message = `Cannot make run "${id}": there is one of this name; name it otherwise or delete the other`;
    throw new FedtuneError("config-conflict", message, { data: { run: id } });
  }
  making.add(id);
  try {
    const place = parts.place ?? ((run, { start: starts }) => playHere(parts, run, starts));
    await place(prepared, { start });
  } finally {
    making.delete(id);
  }
  return describe(parts, id);
}

async function playHere(parts: Parts, run: RunToServe, start: boolean): Promise<Coordinator> {
  const coordinator = await openRun(parts, run);
  if (!start) await parts.helm.command(coordinator, "pause");
  void coordinator.run();
  return coordinator;
}

async function openRun(parts: Parts, run: RunToServe) {
  const { events, helm, registry } = parts;
  const { id, resolved } = run.setup;
  const told = events.watch(id, resolved.config, () => openOf(parts, id));
  const listeners = [told, helm.listener, run.listener ?? {}];
  const coordinator = await registry.open({ ...run, listener: joinedListeners(listeners) });
  if (hasEnded(coordinator.state())) events.ended(id);
  return coordinator;
}

function openOf({ registry }: Parts, run: RunId): OpenRun | undefined {
  return registry.all().find(({ coordinator }) => coordinator.setup.id === run);
}

async function summaryOf(parts: Parts, run: StoredRun): Promise<RunSummary> {
  const figures = await parts.figures(run);
  const open = openOf(parts, run.id);
  return open === undefined ? storedSummary(run, figures) : openSummary(open, run, figures);
}

async function describe(parts: Parts, id: RunId): Promise<RunDetails> {
  const run = await storedRun(parts.store, id);
  const summary = await summaryOf(parts, run);
  const open = openOf(parts, id);
  if (open === undefined || !summary.isOpen) {
    return detailsOf(summary, { config: configIn(run), hash: run.configHash }, null);
  }
  const { coordinator } = open;
  return detailsOf(summary, coordinator.setup.resolved, coordinator.state());
}

async function steer(parts: Parts, run: RunId, command: Command): Promise<RunDetails> {
  const { status } = await storedRun(parts.store, run);
  const open = openOf(parts, run);
  const isOver = status !== "running" || (open !== undefined && hasEnded(open.coordinator.state()));
  if (isOver && command !== "stop") throw refusal(run, `told to ${command}: it has ended`);
  if (!isOver && open === undefined) {
    const message = `Cannot steer run "${run}": no coordinator has it open here`;
    throw new FedtuneError("transport-closed", message, { data: { run } });
  }
  if (!isOver && open !== undefined) await parts.helm.command(open.coordinator, command);
  return describe(parts, run);
}

function refusal(run: RunId, what: string): FedtuneError {
  return new FedtuneError("usage", `Run "${run}" cannot be ${what}`, { data: { run } });
}

async function follow(parts: Parts, run: RunId): Promise<Feed<RunEvent>> {
  const feed = parts.events.feed(run);
  if (feed !== null) return feed;
  const { state } = await describe(parts, run);
  return {
    isOver: () => false,
    read(_last, reader) {
      reader.event({ type: "state", state }, null);
      reader.end(true);
      return () => undefined;
    },
  };
}
