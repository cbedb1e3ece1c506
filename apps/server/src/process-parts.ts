/** What a coordinator process has before its server does. */
import type { Blobs, Registries, Store } from "@fedtune/core";
import type { BlobLister, StartedDatabase } from "@fedtune/db";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import type { RequestHandler } from "express";
import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { openBus } from "./cluster/bus.ts";
import type { Bus } from "./cluster/bus.ts";
import { openWire } from "./cluster/open-wire.ts";
import type { Pages } from "./http/pages.ts";
import type { AskedModel } from "./http/estimates.ts";
import { serverLog } from "./log.ts";
import type { ServerLog } from "./log.ts";
import type { Check } from "./operations/health.ts";
import { serverLogging } from "./operations/logging.ts";
import { serverMetrics } from "./operations/metrics.ts";
import type { ServerMetrics } from "./operations/metrics.ts";
import type { ServerSettings } from "./operations/settings.ts";
import type { RunToServe } from "./run-registry.ts";
import { trustedProxies } from "./security/client-address.ts";
import type { IsTrusted } from "./security/client-address.ts";
import { openSecurity } from "./security/security.ts";
import type { Security } from "./security/security.ts";
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
  /** What adapters of a base model are like; absent: no estimates are made. */
  readonly askModel?: (model: string) => Promise<AskedModel>;
  /** The folder of a base model as a run names it; null or absent: those who join must have it themselves. */
  readonly modelFolder?: (model: string) => string | null;
  /** What browsers are shown; absent: nothing. */
  readonly pages?: (() => Pages) | null;
}

/** The parts of a process, which its owner closes. */
export interface Parts extends CoordinatorProcessOptions {
  readonly security: Security;
  readonly metrics: ServerMetrics;
  readonly pool: ThreadPool;
  /** A thread for what nobody's round waits for. */
  readonly sideline: ThreadPool;
  /** To the other processes on the same database. */
  readonly bus: Bus;
  /** Whether they can be reached. */
  readonly relayWorks: Check;
  readonly isTrusted: IsTrusted;
  /** Whether browsers come by https, here or through a proxy. */
  readonly secure: boolean;
  /** Whether clients are let in without a token and without signatures. */
  readonly isOpen: boolean;
  readonly logger: Logger;
  readonly requestIds: RequestHandler;
  readonly log: ServerLog;
  /** Writes down what went wrong. */
  readonly failed: (what: string) => (error: unknown) => void;
}

/** Opens them; the bus connects to the database, or to the Redis of the settings. */
export async function openParts(options: CoordinatorProcessOptions): Promise<Parts> {
  const { settings, database } = options;
  const { logLevel: level, logFormat: format } = settings;
  const secure = settings.tls !== null || settings.trustProxy > 0;
  const { logger, requestIds } = serverLogging({ level, format }, nodeEntropy);
  const log = serverLog(logger);
  const failed =
    (what: string) =>
    (error: unknown): void => {
      log.failed(what, error);
    };
  const { prisma, pool: connections } = database;
  const now = (): Date => new Date();
  const { relayUrl } = settings;
  const wire = await openWire({
    ...{ relayUrl, pool: connections, self: randomUUID(), clock: nodeClock },
    failed: failed("messages between processes"),
  });
  return {
    ...{ ...options, secure, logger, requestIds, log, failed },
    security: openSecurity({ prisma, now, entropy: nodeEntropy, hash: nodeHash, secure }),
    metrics: serverMetrics({ clock: nodeClock, pool: connections }),
    pool: threadPool({ clock: nodeClock }),
    sideline: threadPool({ clock: nodeClock, threads: 1 }),
    relayWorks: () => wire.check(),
    bus: openBus({ wire, clock: nodeClock, failed: failed("a message between processes") }),
    isTrusted: trustedProxies(settings.trustProxy),
    isOpen: isOpenTo(settings),
  };
}

/** On a loopback address everybody who reaches the port may join, unless the settings say otherwise. */
function isOpenTo({ openEnrolment, host }: ServerSettings): boolean {
  return openEnrolment ?? (host === "localhost" || host === "::1" || host.startsWith("127."));
}

/** Closes what was opened here. */
export async function closeParts({ bus, pool, sideline, metrics }: Parts): Promise<void> {
  metrics.close();
  await Promise.all([bus.close(), pool.close(), sideline.close()]);
}
