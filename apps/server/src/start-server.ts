/** A coordinator server: HTTP and sockets on one port, any number of runs. */
import type { Blobs, Clock, Coordinator, Entropy, Hash, RunId, Store } from "@fedtune/core";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { createServer } from "node:http";
import type { Server as HttpServer } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { SecureContextOptions } from "node:tls";
import type { Logger } from "pino";
import { createApp } from "./app.ts";
import type { HttpParts } from "./app.ts";
import { hostsFor } from "./headers.ts";
import { defaultLimits } from "./limits.ts";
import type { ServerLimits } from "./limits.ts";
import { closer, listen } from "./listen.ts";
import type { ServerAddress } from "./listen.ts";
import { serverLog } from "./log.ts";
import type { ServerLog } from "./log.ts";
import { runRegistry } from "./run-registry.ts";
import type { Equip, OpenRun, RunRegistry, RunToServe } from "./run-registry.ts";
import { scopedClock } from "./scoped-clock.ts";
import { socketHub } from "./socket-server-transport.ts";
import type { Expects, SocketAdmission, SocketHub } from "./socket-hub.ts";

/** Where a server listens, what it serves, and on what it stands. */
export interface ServerOptions {
  /** Default 127.0.0.1: reachable from this machine only. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Host names that requests may use; by default loopback's names on loopback, any name elsewhere. */
  readonly allowedHosts?: readonly string[];
  readonly store: Store;
  readonly blobs: Blobs;
  /** Opened before the first client is let in, in this order. */
  readonly runs: readonly RunToServe[];
  /** Absent: nothing is logged. */
  readonly logger?: Logger;
  readonly limits?: Partial<ServerLimits>;
  /** Default: Node's. */
  readonly ports?: { readonly clock?: Clock; readonly hash?: Hash; readonly entropy?: Entropy };
  /** Serves https. */
  readonly tls?: SecureContextOptions | null;
  /** Who is let in; absent: whoever reaches the port. */
  readonly admission?: SocketAdmission | null;
  /** What the server has beside its runs. */
  readonly extend?: (core: ServerCore) => ServerExtension;
}

/** The parts of a server that others build upon. */
export interface ServerCore {
  readonly hub: SocketHub;
  readonly runs: RunRegistry;
  readonly clock: Clock;
  readonly log: ServerLog;
  /** The server itself, for what changes while it listens. */
  readonly http: HttpServer;
}

/** What a server has beside its runs. */
export interface ServerExtension extends HttpParts {
  /** Where runs get their lines to clients; absent: the hub alone. */
  readonly lines?: Pick<SocketHub, "add">;
  readonly equip?: Equip;
  /** Whether a run that is not open may yet be; absent: what is not open does not exist. */
  readonly expects?: Expects;
  /** After the server listens and before the first client is let in. */
  readonly listening?: () => Promise<void>;
  /** Before the sockets close. */
  readonly closing?: () => Promise<void>;
}

/** A listening server. */
export interface CoordinatorServer {
  readonly address: ServerAddress;
  /** Opens one more run; its rounds start with `run()` of the result. */
  openRun(run: RunToServe): Promise<Coordinator>;
  /** @throws FedtuneError `run-unknown` */
  coordinator(run: RunId): Coordinator;
  runs(): readonly OpenRun[];
  /**
   * Stops listening and ends all connections, bounded by `limits.closeTimeoutMs`. Runs that have not ended stand still:
   * their `run()` stays open, clients keep trying to come back, and a later server goes on from the store.
   */
  close(): Promise<void>;
}

/**
 * Listens, then opens the runs, then lets clients in.
 *
 * The port comes first: a second server on the same port must fail before it takes over the first one's runs.
 *
 * @throws FedtuneError `port-in-use`, `config-conflict` and what opening a run throws
 */
export async function startServer(options: ServerOptions): Promise<CoordinatorServer> {
  const { host = "127.0.0.1", port, store, blobs, ports = {}, tls = null } = options;
  const { admission = null } = options;
  const limits: ServerLimits = { ...defaultLimits, ...options.limits };
  const { hash = nodeHash, entropy = nodeEntropy } = ports;
  const clock = scopedClock(ports.clock ?? nodeClock);
  const log = serverLog(options.logger ?? null);
  const hosts = hostsFor(host, options.allowedHosts ?? null);
  const { promise: ready, resolve: letIn } = gate();
  const requestTimeout = limits.uploadTimeoutMs;
  const http =
    tls === null
      ? createServer({ requestTimeout })
      : createSecureServer({ ...tls, requestTimeout });
  // The extension may put itself between the runs and the hub, and needs both for that.
  let extension: ServerExtension = {};
  const origins = (): ReadonlySet<string> | undefined => extension.origins;
  const expects: Expects = async (run) => (await extension.expects?.(run)) ?? false;
  const policy = { limits, hosts, origins, ready, admission, expects };
  const hub = socketHub(http, { clock, entropy, log, ...policy });
  const lines: Pick<SocketHub, "add"> = {
    add: (...line) => (extension.lines ?? hub).add(...line),
  };
  const equip: Equip = (setup, given) => extension.equip?.(setup, given) ?? { ports: given };
  const runs = runRegistry({ store, blobs, clock, hash, log, equip, hub: lines });
  extension = options.extend?.({ hub, runs, clock, log, http }) ?? {};
  http.on("request", createApp({ ...extension, hub, hash, clock, log, hosts, ready }));
  const close = closer(http, limits.closeTimeoutMs, async () => {
    await extension.closing?.();
    await hub.close();
    clock.close();
    log.closed();
  });
  const address = await listen(http, host, port, tls !== null);
  try {
    for (const run of options.runs) await runs.open(run);
    await extension.listening?.();
  } catch (error) {
    await close();
    throw error;
  }
  letIn();
  log.listening(address);
  return {
    address,
    openRun: (run) => runs.open(run),
    coordinator: (run) => runs.get(run).coordinator,
    runs: () => runs.all(),
    close,
  };
}

function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((settle) => (resolve = settle));
  return { promise, resolve };
}
