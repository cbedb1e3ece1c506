/** The servers that the store is held against: the embedded one, and a Postgres of this machine where there is one. */
import { execFileSync, spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import pg from "pg";
import { serverAccount } from "../embedded/account.ts";

/** A Postgres of this machine with a cluster of its own. */
export interface RealPostgres {
  readonly url: string;
  readonly port: number;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** The folder with a Postgres' programs; null where none is installed. */
export const realPostgresBin = findBin();

/** What a suite's title says where it is skipped. */
export const realPostgresTitle =
  realPostgresBin === null
    ? "an installed Postgres (skipped: no initdb on PATH nor in /usr/lib/postgresql/*/bin)"
    : "an installed Postgres";

function findBin(): string | null {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort().reverse() : [];
  const folders = [
    ...versions.map((version) => join(debian, version, "bin")),
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  const hasAll = (folder: string) =>
    ["initdb", "postgres"].every((program) => existsSync(join(folder, program)));
  return folders.find(hasAll) ?? null;
}

/** Makes a cluster in a folder of its own, and starts it on a free port of this machine. */
export async function startRealPostgres(): Promise<RealPostgres> {
  const bin = realPostgresBin ?? "";
  const account = serverAccount();
  const folder = mkdtempSync(join(tmpdir(), "fedtune-real-"));
  if (account !== null) chownSync(folder, account.uid, account.gid);
  const data = join(folder, "data");
  const spawning = { ...account, cwd: folder, env: { ...process.env, LC_ALL: "C" } };
  const access = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C"];
  execFileSync(join(bin, "initdb"), ["-D", data, ...access], { ...spawning, stdio: "ignore" });
  const port = await freePort();
  const url = `postgresql://postgres:not-told-to-anybody@127.0.0.1:${port}/postgres`;
  let server: ChildProcess | null = null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const ending = server;
    server = null;
    if (ending?.exitCode !== null) return;
    const ended = new Promise((resolve) => ending.once("exit", resolve));
    ending.kill(signal);
    await ended;
  };
  const settings = ["-c", "listen_addresses=127.0.0.1", "-c", `unix_socket_directories=${folder}`];
  const start = async (): Promise<void> => {
    // One that comes too soon after a killed one finds processes of that, and ends.
    while (!(await answers(url))) {
      if (server?.exitCode === null) continue;
      server = spawn(join(bin, "postgres"), ["-D", data, "-p", String(port), ...settings], {
        ...spawning,
        stdio: "ignore",
      });
    }
  };
  await start();
  return {
    ...{ url, port, start },
    kill: () => end("SIGKILL"),
    async stop() {
      await end("SIGINT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 1000 });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
