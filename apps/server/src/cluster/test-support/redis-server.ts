/** A Redis of this machine, where it is installed: a private server on a free port that keeps nothing. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { Redis } from "ioredis";

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** A connection for looking on, and for faults. */
  readonly admin: Redis;
  signal(signal: NodeJS.Signals): void;
  /** Ends it at once, and with it all that it holds. */
  kill(): Promise<void>;
  /** Starts it again at the same place. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const program = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin"]
  .map((folder) => join(folder, "redis-server"))
  .find((path) => existsSync(path));

export const hasRedis = program !== undefined;

/** What a suite's title says where it is skipped. */
export const redisTitle = hasRedis
  ? "an installed Redis"
  : "an installed Redis (skipped: no redis-server on PATH nor in /usr/bin)";

export async function startRedis(): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), "fedtune-redis-"));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const settings = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const admin = new Redis({
    ...{ port, host: "127.0.0.1", lazyConnect: true, maxRetriesPerRequest: null },
    retryStrategy: () => 20,
  });
  admin.on("error", () => undefined);
  let server: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    server = spawn(program ?? "", ["--port", String(port), ...settings], { stdio: "ignore" });
    await admin.ping();
  };
  const kill = async (): Promise<void> => {
    const ending = server;
    server = null;
    if (ending === null) return;
    const ended = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill("SIGKILL");
    await ended;
  };
  await start();
  return {
    ...{ url, port, admin, start, kill },
    signal: (signal) => void server?.kill(signal),
    async stop() {
      admin.disconnect();
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
