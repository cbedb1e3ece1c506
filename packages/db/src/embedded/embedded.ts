/** A private Postgres, started or joined, and stopped by the last one who uses it. */
import { FedtuneError } from "@fedtune/core";
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { openCluster, socketFolder } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import { runningServer, SOCKET_PORT } from "./processes.ts";

/** A running server of our own. */
export interface EmbeddedPostgres {
  readonly url: string;
  /** Starts the server again if it was killed. */
  readonly wake: () => Promise<void>;
  /** Shuts the server down, unless somebody else is connected. */
  stopIfLast(): Promise<void>;
}

/** A long recovery after a crash may take a while. */
const START_MS = 120_000;
const STOP_MS = 30_000;
const POLL_MS = 20;
/** Servers that end by themselves this often do not come up. */
const MOST_STARTS = 5;

/** What the server is started with; whatever else it takes from its own defaults, `fsync` among them. */
const serverSettings = {
  listen_addresses: "",
  TimeZone: "UTC",
  shared_buffers: "64MB",
  max_connections: "100",
  max_wal_size: "256MB",
};

/**
 * Starts the Postgres whose files are in `directory`, or joins the one that runs there; makes its files at first.
 *
 * @throws FedtuneError `storage-failed` when there is no way to run one here, with what its log says
 */
export async function embeddedPostgres(directory: string): Promise<EmbeddedPostgres> {
  const cluster = await openCluster(directory);
  let waking: Promise<void> | null = null;
  const wake = (): Promise<void> =>
    (waking ??= ensureRunning(cluster).finally(() => {
      waking = null;
    }));
  await wake();
  return {
    url: `postgresql://postgres@localhost:${SOCKET_PORT}/postgres?host=${encodeURIComponent(cluster.sockets)}`,
    wake,
    stopIfLast: () => stopIfLast(cluster),
  };
}

/** Until it answers: starts one whenever none runs; another program may do the same, or be stopping it just now. */
async function ensureRunning(cluster: Cluster): Promise<void> {
  let server: { readonly hasEnded: () => boolean } | null = null;
  let starts = 0;
  for (let waited = 0; !(await answers(cluster)); waited += POLL_MS) {
    const isStarting = server !== null && !server.hasEnded();
    if (!isStarting && (await runningServer(cluster.folder, cluster.sockets)) === null) {
      if (starts++ === MOST_STARTS) throw doesNotStart(cluster);
      server = startServer(cluster);
    }
    if (waited > START_MS) throw doesNotStart(cluster);
    await sleep(POLL_MS);
  }
}

/** In a session of its own: Ctrl-C reaches the program, not its database. */
function startServer({ binaries, here, folder, account, spawning }: Cluster) {
  // Who stopped the server may have removed it.
  const sockets = socketFolder(folder, account);
  const log = openSync(logOf(folder), "a", 0o600);
  const unix_socket_directories = sockets === folder ? here : sockets;
  const settings = Object.entries({ ...serverSettings, unix_socket_directories });
  const args = settings.flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const child = spawn(binaries.postgres, ["-D", here, "-p", String(SOCKET_PORT), ...args], {
    ...spawning,
    detached: true,
    stdio: ["ignore", log, log],
  });
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  child.on("error", end).on("exit", end).unref();
  closeSync(log);
  return { hasEnded: () => ended };
}

async function stopIfLast(cluster: Cluster): Promise<void> {
  if ((await otherClients(cluster)) !== 0) return;
  const pid = await runningServer(cluster.folder, cluster.sockets);
  if (pid === null) return;
  // The fast shutdown: with a checkpoint, so that the next start has nothing to recover.
  process.kill(pid, "SIGINT");
  const lock = join(cluster.folder, "postmaster.pid");
  for (let waited = 0; existsSync(lock); waited += POLL_MS) {
    if (waited > STOP_MS) return;
    await sleep(POLL_MS);
  }
  if (cluster.sockets !== cluster.folder) rmSync(cluster.sockets, { recursive: true, force: true });
}

/** Connections of others; null: the server does not answer, so there is nothing to stop. */
async function otherClients(cluster: Cluster): Promise<number | null> {
  return asked(cluster, async (client) => {
    const { rows } = await client.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity
       WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    return rows[0]?.count ?? 0;
  });
}

async function answers(cluster: Cluster): Promise<boolean> {
  return (await asked(cluster, () => Promise.resolve(true))) ?? false;
}

/** What `ask` finds through a connection of its own; null: there was none. */
async function asked<T>(
  { sockets }: Cluster,
  ask: (client: pg.Client) => Promise<T>,
): Promise<T | null> {
  const client = new pg.Client({
    ...{ host: sockets, port: SOCKET_PORT, user: "postgres", database: "postgres" },
    connectionTimeoutMillis: 2000,
    query_timeout: 5000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await ask(client);
  } catch {
    return null;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function logOf(folder: string): string {
  return `${folder}.log`;
}

function doesNotStart({ folder }: Cluster): FedtuneError {
  const log = logOf(folder);
  const lines = readFileSync(log, "utf8").trimEnd().split("\n").slice(-3);
  const message = `Cannot start the embedded Postgres in ${folder}: ${lines.join("; ")} (more in ${log})`;
  return new FedtuneError("storage-failed", message);
}
