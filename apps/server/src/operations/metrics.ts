/**
 * What a monitoring system reads: counters, gauges and histograms in a registry of their own.
 *
 * Every label takes values of a closed table, so that their number is bounded whatever clients do, and none names a
 * client or a run: the figures of a run are the API's, to those who may read it.
 */
import type { Clock, CoordinatorListener, RoundState } from "@fedtune/core";
import { Router } from "express";
import type { Request, RequestHandler } from "express";
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { IntervalHistogram } from "node:perf_hooks";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { knownMethods, knownRoute } from "./metric-labels.ts";

/** What gauges look at when somebody reads them. */
export interface MetricsOptions {
  readonly clock: Clock;
  /** Live connections. */
  readonly connections?: () => number;
  /** The pool of the database. */
  readonly pool?: {
    readonly totalCount: number;
    readonly idleCount: number;
    readonly waitingCount: number;
  } | null;
  /** By name: how much waits. The names are the program's own. */
  readonly queues?: Readonly<Record<string, () => number>>;
}

/** The figures of one server. */
export interface ServerMetrics {
  readonly registry: Registry;
  /** Counts and times requests; comes before the routes. */
  readonly requests: RequestHandler;
  /** The listener of one run; every run needs its own. */
  run(): CoordinatorListener;
  /** What the other parts count with. */
  readonly figures: Figures;
  /** Stops what watches the event loop. */
  close(): void;
}

/** The counters and histograms that other parts feed. */
export type Figures = ReturnType<typeof figuresIn>;

const fast = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const slow = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3_600, 14_400];

/** Makes the figures of a server. */
export function serverMetrics(options: MetricsOptions): ServerMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const figures = figuresIn(registry);
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  watch(registry, options, delay);
  const phases = new Map<object, RoundState["phase"]>();
  phaseGauge(registry, phases);
  return {
    ...{ registry, figures },
    requests: timed(figures, options.clock),
    run: () => runListener(figures, { phases, clock: options.clock }),
    close: () => {
      delay.disable();
    },
  };
}

function figuresIn(registry: Registry) {
  const registers = [registry];
  const counter = <Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ) => new Counter({ name, help, labelNames, registers });
  const histogram = <Label extends string = never>(
    name: string,
    help: string,
    { labelNames = [], buckets }: { labelNames?: Label[]; buckets: number[] },
  ) => new Histogram({ name, help, labelNames, buckets, registers });
  return {
    requests: counter("fedtune_http_requests_total", "HTTP requests that were answered", [
      "method",
      "route",
      "status",
    ]),
    requestSeconds: histogram("fedtune_http_request_seconds", "Time to answer a request", {
      ...{ labelNames: ["route"], buckets: fast },
    }),
    messages: counter("fedtune_messages_total", "Control messages of clients and to them", [
      "direction",
      "type",
    ]),
    bytes: counter(
      "fedtune_blob_bytes_total",
      "Bytes of updates from clients and of adapters to them",
      ["direction"],
    ),
    uploads: counter("fedtune_uploads_total", "Uploads that were taken or refused", ["outcome"]),
    refusals: counter("fedtune_refusals_total", "Updates and clients that were refused", ["code"]),
    abandoned: counter("fedtune_attempts_abandoned_total", "Attempts at a round that led to none", [
      "code",
    ]),
    committed: counter("fedtune_rounds_committed_total", "Rounds that were committed"),
    roundSeconds: histogram(
      "fedtune_round_seconds",
      "Time from the opening of a round to its commit",
      {
        buckets: slow,
      },
    ),
    aggregationSeconds: histogram(
      "fedtune_aggregation_seconds",
      "Time from the closing of a round to its model",
      {
        buckets: [...fast, 30, 60, 300],
      },
    ),
    storeSeconds: histogram("fedtune_store_seconds", "Time of a call to the store", {
      ...{ labelNames: ["call", "outcome"], buckets: fast },
    }),
  };
}

/** Gauges that are read, not fed. */
function watch(
  registry: Registry,
  { connections, pool = null, queues = {} }: MetricsOptions,
  delay: IntervalHistogram,
): void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      ...{ name, help, registers },
      collect() {
        this.set(read());
      },
    });
  };
  gauge("fedtune_connections", "Live connections of clients", connections ?? (() => 0));
  new Gauge({
    name: "fedtune_event_loop_delay_seconds",
    help: "How late the event loop was since the last reading, by quantile",
    labelNames: ["quantile"],
    registers,
    collect() {
      for (const percent of [50, 99, 100])
        this.set({ quantile: String(percent / 100) }, secondsOf(delay.percentile(percent)));
      delay.reset();
    },
  });
  if (pool !== null) {
    gauge("fedtune_database_connections", "Connections to the database", () => pool.totalCount);
    gauge("fedtune_database_idle_connections", "Those that do nothing", () => pool.idleCount);
    gauge(
      "fedtune_database_waiting",
      "Statements that wait for a connection",
      () => pool.waitingCount,
    );
  }
  new Gauge({
    ...{
      name: "fedtune_queue_length",
      help: "What waits, by queue",
      labelNames: ["queue"],
      registers,
    },
    collect() {
      for (const [queue, length] of Object.entries(queues)) this.set({ queue }, length());
    },
  });
}

/** The histogram counts nanoseconds from the end of a pause that was meant; without a sample it has no quantile. */
function secondsOf(nanoseconds: number): number {
  return Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - 0.01) : 0;
}

function phaseGauge(registry: Registry, phases: ReadonlyMap<object, RoundState["phase"]>): void {
  new Gauge({
    name: "fedtune_runs",
    help: "Open runs, by phase",
    labelNames: ["phase"],
    registers: [registry],
    collect() {
      this.reset();
      for (const phase of phases.values()) this.inc({ phase });
    },
  });
}

function timed(figures: Figures, clock: Clock): RequestHandler {
  return (request, response, next) => {
    const start = clock.now();
    response.once("close", () => {
      const route = knownRoute(patternOf(request));
      const method = knownMethods.has(request.method) ? request.method : "other";
      figures.requests.inc({ method, route, status: String(response.statusCode) });
      figures.requestSeconds.observe({ route }, (clock.now() - start) / 1000);
    });
    next();
  };
}

/** The pattern of the route that answered; null: none did. */
function patternOf({ baseUrl, route }: Request): string | null {
  const path: unknown = Reflect.get(Object(route), "path");
  return typeof path === "string" ? baseUrl + path : null;
}

function runListener(
  figures: Figures,
  { phases, clock }: { readonly phases: Map<object, RoundState["phase"]>; readonly clock: Clock },
): CoordinatorListener {
  const run = {};
  let aggregating: number | null = null;
  return {
    stateChanged({ phase }) {
      phases.set(run, phase);
      if (phase === "aggregating") aggregating ??= clock.now();
      else if (aggregating !== null) {
        if (phase === "committing")
          figures.aggregationSeconds.observe((clock.now() - aggregating) / 1000);
        aggregating = null;
      }
      // What has ended is no open run.
      if (phase === "completed" || phase === "failed" || phase === "stopped") phases.delete(run);
    },
    roundCommitted({ seconds }) {
      figures.committed.inc();
      figures.roundSeconds.observe(seconds);
    },
    refused: ({ code }) => {
      figures.refusals.inc({ code });
    },
    attemptAbandoned: ({ code }) => {
      figures.abandoned.inc({ code });
    },
  };
}

/** `/metrics` for those whom `admit` does not refuse. */
export function metricsRouter(
  { registry }: Pick<ServerMetrics, "registry">,
  admit: (request: Request) => unknown,
): Router {
  const router = Router();
  router.get("/metrics", async (request, response) => {
    await admit(request);
    response.set("Content-Type", registry.contentType).send(await registry.metrics());
  });
  return router;
}
