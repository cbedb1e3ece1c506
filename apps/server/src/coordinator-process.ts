/**
 * A whole coordinator process: a server with its accounts, its API, its figures and its threads, one of perhaps several
 * on the same database and the same blobs.
 */
import { apiBase, liveNamespace } from "@fedtune/api";
import { ledgerPage, recordedBlobs } from "@fedtune/db";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";
import { joinCluster } from "./cluster/cluster.ts";
import type { Cluster } from "./cluster/cluster.ts";
import { leaseTable } from "./cluster/lease-table.ts";
import { createApi } from "./http/api.ts";
import { serverFacts } from "./http/handlers/server.ts";
import { estimates } from "./http/estimates.ts";
import type { EstimateOf } from "./http/estimates.ts";
import { serveLive } from "./http/live.ts";
import { runEvents } from "./http/run-events.ts";
import { drainer } from "./operations/drain.ts";
import type { Drain } from "./operations/drain.ts";
import {
  blobsWritable,
  databaseAnswers,
  healthRouter,
  notDraining,
  queryPool,
} from "./operations/health.ts";
import { meteredStore, meteredTransport } from "./operations/metered.ts";
import { metricsRouter } from "./operations/metrics.ts";
import { hostedRuns } from "./hosted-runs.ts";
import { joining } from "./joining.ts";
import type { HostedRuns, Played } from "./hosted-runs.ts";
import { recentBytes, rememberedBlobs } from "./recent-bytes.ts";
import type { Equip, RunToServe } from "./run-registry.ts";
import { accountService } from "./security/account-service.ts";
import { allowedOrigins } from "./security/browser-policy.ts";
import { requireScope } from "./security/principal.ts";
import { shareRevocations } from "./security/revocations.ts";
import { countedAuthentication, countJoining } from "./security/request-limits.ts";
import type { Security } from "./security/security.ts";
import { readTls } from "./security/tls.ts";
import { closeParts, openParts } from "./process-parts.ts";
import type { CoordinatorProcessOptions, Parts } from "./process-parts.ts";
import { startServer } from "./start-server.ts";
import { startSweeping } from "./sweeping.ts";
import type { CoordinatorServer, ServerCore, ServerExtension } from "./start-server.ts";
import { signedSockets, signedTransfers } from "./admission.ts";
import { threadOffload } from "./workers/thread-offload.ts";

/** A process that listens. */
export interface CoordinatorProcess {
  readonly server: CoordinatorServer;
  readonly security: Security;
  readonly drain: Drain;
  /** Whether clients are let in without a token and without signatures. */
  readonly isOpen: boolean;
  /** Takes a run, new or left by another process, as soon as nobody else has it. */
  play(run: RunToServe): Promise<Played>;
  /** Leaves in good order; the database and the blobs are their owner's to close. */
  close(): Promise<void>;
}

/** Composes and starts a process. */
export async function startCoordinator(
  options: CoordinatorProcessOptions,
): Promise<CoordinatorProcess> {
  const parts = await openParts(options);
  const { settings, security } = parts;
  const built: { cluster?: Cluster; hosted?: HostedRuns; core?: ServerCore } = {};
  const drain = drainer({
    clock: nodeClock,
    timeoutMs: settings.drainTimeoutMs,
    phases: () => built.core?.runs.all().map(({ coordinator }) => coordinator.state().phase) ?? [],
    refuse: () => built.cluster?.drain(),
    farewell: () => built.core?.hub.farewell(),
    closing: [() => server.close(), () => closeParts(parts)],
    failed: parts.failed("leaving"),
  });
  const server = await listening(parts, (core) => {
    const hosted = hostedRuns({
      ...{ ...options, core, events: runEvents({ clock: nodeClock, newName: randomUUID }) },
      ...estimating(parts),
      ledgerRows: (run, place) => ledgerPage(options.database.prisma, run, place),
    });
    const cluster = clusterOf(parts, core, hosted);
    hosted.join(cluster);
    Object.assign(built, { cluster, hosted, core });
    return extension({ parts, core, hosted, cluster, drain });
  }).catch(async (error: unknown) => {
    await closeParts(parts);
    throw error;
  });
  const stopSweeping = startSweeping(parts, () => server.runs());
  const { hosted } = built;
  if (hosted === undefined) throw new RangeError("Cannot serve without an extension");
  return {
    ...{ server, security, drain, play: hosted.play, isOpen: parts.isOpen },
    async close() {
      stopSweeping();
      await drain.begin();
    },
  };
}

/** The server of a process, which listens. */
async function listening(
  parts: Parts,
  extend: (core: ServerCore) => ServerExtension,
): Promise<CoordinatorServer> {
  const { settings, metrics, isOpen, logger, blobs } = parts;
  const { host, port, limits, tls, allowedHosts } = settings;
  const store = meteredStore(parts.store, metrics.figures, nodeClock);
  return startServer({
    ...{ host, port, store, blobs, logger, limits, extend, runs: [] },
    ...(allowedHosts === null ? {} : { allowedHosts }),
    tls: tls === null ? null : await readTls(tls),
    admission: isOpen ? null : signedSockets(parts),
  });
}

function clusterOf(parts: Parts, { hub }: ServerCore, { open, ended }: HostedRuns): Cluster {
  const { bus, blobs, database, settings, security, log } = parts;
  const table = leaseTable(database.pool, bus.self);
  shareRevocations(security.revocations, bus);
  return joinCluster({
    ...{ bus, hub, blobs, table, open, ended, clock: nodeClock, leaseMs: settings.leaseMs },
    failed: (what, error) => {
      log.failed(what, error);
    },
  });
}

/** Estimates where base models can be asked; in a thread of their own, so that no round waits for them. */
function estimating({ askModel, registries, sideline: pool }: Parts): { estimate?: EstimateOf } {
  if (askModel === undefined) return {};
  return { estimate: estimates({ registries, askModel, pool }) };
}

interface Extending {
  readonly parts: Parts;
  readonly core: ServerCore;
  readonly hosted: HostedRuns;
  readonly cluster: Cluster;
  readonly drain: Drain;
}

function extension({ parts, core, hosted, cluster, drain }: Extending): ServerExtension {
  const { settings, database, blobs, metrics, security, isTrusted, secure, isOpen } = parts;
  const authenticate = countedAuthentication({ security, isTrusted });
  const checks = {
    database: databaseAnswers(queryPool(database.pool)),
    blobs: blobsWritable(blobs, { hash: nodeHash, entropy: nodeEntropy }),
    relay: parts.relayWorks,
    leaving: notDraining(drain),
  };
  const figures: RequestHandler[] = settings.metrics
    ? [
        metricsRouter(metrics, async (request) =>
          requireScope(await authenticate(request), "metrics:read"),
        ),
      ]
    : [];
  const { modelFolder = () => null } = parts;
  const { invitations, modelFiles } = joining({
    ...{ ...parts, modelFolder, runs: core.runs, authenticate },
  });
  const api = createApi({
    ...{ runs: hosted.service, invitations, authenticate, clock: nodeClock },
    security: accountService({
      security,
      now: () => new Date(),
      cookies: { secure },
      isOpen: () => isOpen,
    }),
    facts: serverFacts(parts.version, parts.registries),
  });
  const live = serveLive({
    ...{ namespace: core.hub.of(liveNamespace), runs: hosted.service, clock: core.clock },
    ...{ security, isTrusted, log: parts.log },
  });
  const { pagesOrigin } = settings;
  const elsewhere = pagesOrigin === null ? [] : [pagesOrigin];
  const origins = allowedOrigins([...settings.allowedOrigins, ...elsewhere]);
  return {
    first: [parts.requestIds, metrics.requests],
    early: [healthRouter({ checks, clock: nodeClock }), ...figures, drain.guard],
    routers: [
      [apiBase, countJoining({ security, isTrusted })],
      [apiBase, api],
      ["/runs", modelFiles],
    ],
    transfers: isOpen ? {} : signedTransfers(security),
    ...{ origins, isTrusted, secure, pages: parts.pages ?? null },
    ...{ lines: cluster.relay, expects: hosted.expects },
    equip: equipment(parts),
    listening: () => cluster.start(),
    closing: () => {
      live.close();
      return cluster.close();
    },
  };
}

/** Every run counts, and does its heavy work in threads. */
function equipment({ metrics, pool, blobFolder, database }: Parts): Equip {
  const recent = recentBytes();
  return (setup, given) => {
    const recorded = recordedBlobs(given.blobs, database, { run: setup.id });
    const ports = { ...given, blobs: rememberedBlobs(recorded, recent) };
    const folder = blobFolder === null ? null : { directory: blobFolder, verify: true };
    const offload = threadOffload({ pool, setup, blobs: ports.blobs, folder, recent });
    const transport = meteredTransport(ports.transport, metrics.figures);
    return { ports: { ...ports, transport, offload }, listener: metrics.run() };
  };
}
