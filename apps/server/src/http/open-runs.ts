/** The run service over the registry and the store of this process. */
import { FedtuneError, hasEnded } from "@fedtune/core";
import type { Clock, Coordinator, RunHead, RunId, Store } from "@fedtune/core";
import { joinedListeners } from "../run-registry.ts";
import type { OpenRun, RunRegistry, RunToServe } from "../run-registry.ts";
import type { Feed } from "./feed.ts";
import { figuresOf } from "./figures.ts";
import type { RunFigures } from "./figures.ts";
import { pageOf } from "./page.ts";
import type { RunEvents } from "./run-events.ts";
import { runHistory, storedHistory } from "./run-history.ts";
import type { HistoryPorts } from "./run-history.ts";
import type { RunDetails, RunEvent, RunService } from "./run-service.ts";
import { configOf, detailsOf, openSummary, storedSummary } from "./run-view.ts";
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
  /** Runs that are over and not open: they do not change any more. */
  readonly over: Map<RunId, RunSummary>;
}

/** Makes the service. */
export function runService(options: RunServiceOptions): RunService {
  const { store, registry } = options;
  const parts: Parts = {
    ...options,
    helm: steering(options.clock),
    making: new Set(),
    over: new Map(),
  };
  return {
    ...runHistory(options),
    create: ({ config, start }) => createRun(parts, config, start),
    open: (run) => openRun(parts, run),
    estimate: () => Promise.resolve({ problems: [], config: null, cost: null }),
    async list(page) {
      const newest = [...(await store.getRuns())].reverse();
      const { items, total, next } = pageOf(newest, page);
      return { items: await Promise.all(items.map((head) => summaryOf(parts, head))), total, next };
    },
    get: (run) => describe(parts, run),
    pause: (run) => steer(parts, run, "pause"),
    resume: (run) => steer(parts, run, "resume"),
    stop: (run) => steer(parts, run, "stop"),
    async delete(run) {
      const { status } = await headOf(store, run);
      if (status === "running") throw refusal(run, "deleted while it is running; stop it first");
      if (openOf(parts, run) !== undefined) await registry.close(run);
      options.events.forget(run);
      parts.over.delete(run);
      await store.deleteRun(run);
    },
    follow: (run) => follow(parts, run),
  };
}

async function createRun(
  parts: Parts,
  document: Readonly<Record<string, unknown>>,
  start: boolean,
): Promise<RunDetails> {
  const { making } = parts;
  const prepared = await parts.prepare(document);
  const { id } = prepared.setup;
  const isTaken = (await parts.store.getRuns()).some((head) => head.id === id);
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

async function headOf(store: Store, run: RunId): Promise<RunHead> {
  const head = (await store.getRuns()).find(({ id }) => id === run);
  if (head !== undefined) return head;
  throw new FedtuneError("run-unknown", `Cannot find run "${run}": there is none of this name`);
}

async function summaryOf(parts: Parts, head: RunHead): Promise<RunSummary> {
  const open = openOf(parts, head.id);
  if (open !== undefined) {
    return openSummary(open, head, await storedFigures(parts.store, head));
  }
  const known = parts.over.get(head.id);
  if (known?.createdAt === head.createdAt) return known;
  const history = await storedHistory(parts.store, head.id);
  const summary = storedSummary(head, history, await storedFigures(parts.store, head));
  if (head.status !== "running") parts.over.set(head.id, summary);
  return summary;
}

async function describe(parts: Parts, run: RunId): Promise<RunDetails> {
  const head = await headOf(parts.store, run);
  const open = openOf(parts, run);
  if (open === undefined) {
    const history = await storedHistory(parts.store, run);
    const of = { config: configOf(history), hash: history.run.configHash };
    const figures = await storedFigures(parts.store, head);
    return detailsOf(storedSummary(head, history, figures), of, null);
  }
  const { coordinator } = open;
  const { resolved } = coordinator.setup;
  const figures = await storedFigures(parts.store, head);
  return detailsOf(openSummary(open, head, figures), resolved, coordinator.state());
}

async function storedFigures(store: Store, { id }: RunHead): Promise<RunFigures> {
  const history = await storedHistory(store, id);
  const config = configOf(history);
  const points = history.evaluations.flatMap(({ round, metrics }) => {
    const value = metrics[config.evaluation.metric];
    return value === undefined ? [] : [[round, value] as const];
  });
  return figuresOf({
    ...{ config, points, committed: history.rounds.length },
    joined: (await store.getClients(id)).length,
    bytesUp: history.rounds.reduce((sum, { traffic }) => sum + traffic.bytesUp, 0),
  });
}

async function steer(parts: Parts, run: RunId, command: Command): Promise<RunDetails> {
  const { status } = await headOf(parts.store, run);
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
