/**
 * A whole coordinator process: a server with its accounts, its API, its figures and its threads, one of perhaps several
 * on the same database and the same blobs.
 */
import type { Blobs, Registries, RunId, Store } from "@fedtune/core";
import { apiBase } from "@fedtune/api";
import { recordedBlobs, sweepOrphans } from "@fedtune/db";
import type { BlobLister, StartedDatabase } from "@fedtune/db";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";
import { joinCluster } from "./cluster/cluster.ts";
import type { Cluster } from "./cluster/cluster.ts";
import { openBus } from "./cluster/bus.ts";
import { leaseTable } from "./cluster/lease-table.ts";
import { openPostgresWire } from "./cluster/postgres-wire.ts";
import { createApi } from "./http/api.ts";
import { serverFacts } from "./http/handlers/server.ts";
import { runEvents } from "./http/run-events.ts";
import type { LedgerRow } from "./http/run-history.ts";
import { serverLog } from "./log.ts";
import { drainer } from "./operations/drain.ts";
import type { Drain } from "./operations/drain.ts";
import {
  blobsWritable,
  databaseAnswers,
  healthRouter,
  notDraining,
  queryPool,
} from "./operations/health.ts";
import { serverLogging } from "./operations/logging.ts";
import { meteredStore, meteredTransport } from "./operations/metered.ts";
import { metricsRouter, serverMetrics } from "./operations/metrics.ts";
import type { ServerMetrics } from "./operations/metrics.ts";
import type { ServerSettings } from "./operations/settings.ts";
import { hostedRuns } from "./hosted-runs.ts";
import type { HostedRuns, Played } from "./hosted-runs.ts";
import type { Equip, OpenRun, RunToServe } from "./run-registry.ts";
import { accountService } from "./security/account-service.ts";
import { allowOrigins, allowedOrigins } from "./security/browser-policy.ts";
import { trustedProxies } from "./security/client-address.ts";
import { requireScope } from "./security/principal.ts";
import { shareRevocations } from "./security/revocations.ts";
import { countedAuthentication, countEnrolments } from "./security/request-limits.ts";
import { openSecurity } from "./security/security.ts";
import type { Security } from "./security/security.ts";
import { readTls } from "./security/tls.ts";
import { startServer } from "./start-server.ts";
import type { CoordinatorServer, ServerCore, ServerExtension } from "./start-server.ts";
import { signedSockets, signedTransfers } from "./admission.ts";
import { threadOffload } from "./workers/thread-offload.ts";
import { threadPool } from "./workers/thread-pool.ts";
import type { ThreadPool } from "./workers/thread-pool.ts";

/** What a process stands on. */
export interface CoordinatorProcessOptions {
  readonly settings: ServerSettings;
  readonly database: StartedDatabase;
  readonly store: Store;
  /** The bytes alone: every run records its own. */
  readonly blobs: Blobs;
  readonly lister: BlobLister;
  /** The folder that `blobs` keeps its files in; null: they are elsewhere. */
  readonly blobFolder: string | null;
  readonly registries: Registries;
  readonly version: string;
  /** Makes a run ready from its config: a new one, or one of the database. */
  readonly prepare: (config: Readonly<Record<string, unknown>>) => Promise<RunToServe>;
  /** Whether the runs of the database are served besides those that are played here. */
  readonly servesAll: boolean;
}

/** A process that listens. */
export interface CoordinatorProcess {
  readonly server: CoordinatorServer;
  readonly security: Security;
  readonly drain: Drain;
  /** Takes a run, new or left by another process, as soon as nobody else has it. */
  play(run: RunToServe): Promise<Played>;
  /** Leaves in good order; the database and the blobs are their owner's to close. */
  close(): Promise<void>;
}

/** Parts of a process that exist before its server does. */
interface Parts extends CoordinatorProcessOptions {
  readonly security: Security;
  readonly metrics: ServerMetrics;
  readonly pool: ThreadPool;
  readonly isTrusted: ReturnType<typeof trustedProxies>;
  readonly secure: boolean;
}

const now = (): Date => new Date();
/** How often expired sessions and nonces are forgotten. */
const CREDENTIALS_MS = 300_000;
/** How often blobs that nothing names are looked for, and how old they must be: uploads under way are younger. */
const BLOBS_MS = 3_600_000;
const YOUNG_MS = 24 * 3_600_000;

/** Composes and starts a process. */
export async function startCoordinator(
  options: CoordinatorProcessOptions,
): Promise<CoordinatorProcess> {
  const { settings, database } = options;
  const secure = settings.tls !== null || settings.trustProxy > 0;
  const { logger, requestIds } = serverLogging(
    { level: settings.logLevel, format: settings.logFormat },
    nodeEntropy,
  );
  const log = serverLog(logger);
  const failed =
    (what: string) =>
    (error: unknown): void => {
      log.failed(what, error);
    };
  const metrics = serverMetrics({ clock: nodeClock, pool: database.pool });
  const pool = threadPool({ clock: nodeClock });
  const ports = { now, entropy: nodeEntropy, hash: nodeHash, prisma: database.prisma };
  const security = openSecurity({ ...ports, secure });
  const isTrusted = trustedProxies(settings.trustProxy);
  const parts: Parts = { ...options, security, metrics, pool, isTrusted, secure };
  const self = randomUUID();
  const wire = await openPostgresWire({ pool: database.pool, self, clock: nodeClock });
  const bus = openBus({ wire, clock: nodeClock, failed: failed("a message between processes") });
  const built: { cluster?: Cluster; hosted?: HostedRuns; core?: ServerCore } = {};
  const drain = drainer({
    clock: nodeClock,
    timeoutMs: settings.drainTimeoutMs,
    phases: () => built.core?.runs.all().map(({ coordinator }) => coordinator.state().phase) ?? [],
    refuse: () => built.cluster?.drain(),
    farewell: () => built.core?.hub.farewell(),
    closing: [() => server.close(), () => bus.close(), () => pool.close()],
    failed: failed("leaving"),
  });
  const isOpen = isOpenTo(settings);
  const giveUp = async (error: unknown): Promise<never> => {
    await Promise.all([bus.close(), pool.close()]);
    metrics.close();
    throw error;
  };
  const server = await startServer({
    ...{
      host: settings.host,
      port: settings.port,
      store: meteredStore(options.store, metrics.figures, nodeClock),
    },
    ...{ blobs: options.blobs, runs: [], logger, limits: settings.limits },
    ...(settings.allowedHosts === null ? {} : { allowedHosts: settings.allowedHosts }),
    tls: settings.tls === null ? null : await readTls(settings.tls),
    admission: isOpen ? null : signedSockets(parts),
    extend(core) {
      const hosted = hostedRuns({
        ...{ ...options, core, events: runEventsOf() },
        ledgerRows: (run) => ledgerRows(database, run),
      });
      const cluster = joinCluster({
        ...{ bus, hub: core.hub, blobs: options.blobs, clock: nodeClock },
        ...{ table: leaseTable(database.pool, self), leaseMs: settings.leaseMs },
        open: hosted.open,
        ended: hosted.ended,
        failed: (what, error) => {
          log.failed(what, error);
        },
      });
      hosted.join(cluster);
      shareRevocations(security.revocations, bus);
      Object.assign(built, { cluster, hosted, core });
      return extension({ parts, hosted, cluster, drain, requestIds, isOpen });
    },
  }).catch(giveUp);
  const sweeps = [
    setInterval(() => void security.sweep().catch(failed("sweeping credentials")), CREDENTIALS_MS),
    setInterval(
      () => void sweepBlobs(options, server.runs()).catch(failed("sweeping blobs")),
      BLOBS_MS,
    ),
  ];
  for (const sweep of sweeps) sweep.unref();
  const { hosted } = built;
  if (hosted === undefined) throw new RangeError("Cannot serve without an extension");
  return {
    ...{ server, security, drain },
    play: hosted.play,
    async close() {
      for (const sweep of sweeps) clearInterval(sweep);
      await drain.begin();
      metrics.close();
    },
  };
}

/** On a loopback address everybody who reaches the port may join, unless the settings say otherwise. */
function isOpenTo({ openEnrolment, host }: ServerSettings): boolean {
  return openEnrolment ?? (host === "localhost" || host === "::1" || host.startsWith("127."));
}

async function ledgerRows({ prisma }: StartedDatabase, run: RunId): Promise<LedgerRow[]> {
  const rows = await prisma.ledgerRow.findMany({
    where: { runId: run },
    orderBy: { sequence: "asc" },
  });
  return rows.map(({ sequence, round, event, previous, hash, spentAt }) => ({
    ...{ sequence, round, previous, hash, at: spentAt.toISOString() },
    event: event as LedgerRow["event"],
  }));
}

function runEventsOf() {
  return runEvents({ clock: nodeClock, newName: randomUUID });
}

/** First adapters are named by no row: those of open runs are kept. */
async function sweepBlobs(
  { database, blobs, lister }: CoordinatorProcessOptions,
  runs: readonly OpenRun[],
): Promise<void> {
  const first = runs.flatMap(({ coordinator }) =>
    coordinator.setup.tiers.flatMap(({ initialBlob }) => initialBlob?.hash ?? []),
  );
  const keep = new Set<string>(first);
  await sweepOrphans({ database, blobs, lister, olderThanMs: YOUNG_MS, keep });
}

interface Extending {
  readonly parts: Parts;
  readonly hosted: HostedRuns;
  readonly cluster: Cluster;
  readonly drain: Drain;
  readonly requestIds: RequestHandler;
  readonly isOpen: boolean;
}

function extension({
  parts,
  hosted,
  cluster,
  drain,
  requestIds,
  isOpen,
}: Extending): ServerExtension {
  const { settings, database, blobs, metrics, security, isTrusted, secure } = parts;
  const authenticate = countedAuthentication({ security, isTrusted });
  const checks = {
    database: databaseAnswers(queryPool(database.pool)),
    blobs: blobsWritable(blobs, { hash: nodeHash, entropy: nodeEntropy }),
    leaving: notDraining(drain),
  };
  const figures: RequestHandler[] = settings.metrics
    ? [
        metricsRouter(metrics, async (request) =>
          requireScope(await authenticate(request), "metrics:read"),
        ),
      ]
    : [];
  const api = createApi({
    ...{ runs: hosted.service, authenticate, clock: nodeClock },
    security: accountService({ security, now, cookies: { secure }, isOpen: () => isOpen }),
    facts: serverFacts(parts.version, parts.registries),
  });
  const origins = allowOrigins(allowedOrigins(settings.allowedOrigins));
  return {
    first: [requestIds, metrics.requests],
    early: [healthRouter({ checks, clock: nodeClock }), ...figures, drain.guard],
    routers: [
      [apiBase, origins],
      [apiBase, countEnrolments({ security, isTrusted })],
      [apiBase, api],
    ],
    transfers: isOpen ? {} : signedTransfers(security),
    lines: cluster.relay,
    equip: equipment(parts),
    listening: () => cluster.start(),
    closing: () => cluster.close(),
  };
}

/** Every run counts, and does its heavy work in threads. */
function equipment({ metrics, pool, blobFolder, database }: Parts): Equip {
  return (setup, given) => {
    const ports = { ...given, blobs: recordedBlobs(given.blobs, database, { run: setup.id }) };
    const folder = blobFolder === null ? null : { directory: blobFolder, verify: true };
    const offload = threadOffload({ pool, setup, blobs: ports.blobs, folder });
    const transport = meteredTransport(ports.transport, metrics.figures);
    return { ports: { ...ports, transport, offload }, listener: metrics.run() };
  };
}
