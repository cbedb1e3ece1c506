/** Which processes of Postgres work in a folder. */
import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { storageFailed } from "../retry.ts";

/** Names the socket file; nothing listens on TCP. */
export const SOCKET_PORT = 5432;

const LEFTOVERS_WAIT_MS = 10_000;
const POLL_MS = 25;

/**
 * The process id of the server that really runs in `folder`, or null. Clears what a killed one has left behind, once the
 * last of its processes is gone.
 *
 * @throws FedtuneError `storage-failed` when they do not go
 */
export async function runningServer(folder: string, sockets: string): Promise<number | null> {
  const lock = join(folder, "postmaster.pid");
  const pid = Number(readLines(lock)[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  if (process.platform !== "linux") return isAlive(pid) ? pid : null;
  // A process id is fooled by zombies, and by containers that use it again; the working folder is not.
  const worksHere = workingIn(realpathSync(folder));
  if (worksHere(String(pid))) return pid;
  for (let waited = 0; processes().some(worksHere); waited += POLL_MS) {
    if (waited > LEFTOVERS_WAIT_MS) {
      throw storageFailed(
        `Cannot start the embedded Postgres in ${folder}`,
        new Error("processes of one that was killed still work there"),
      );
    }
    await sleep(POLL_MS);
  }
  // Another program may have started one meanwhile: its lock is not the one that was read.
  if (Number(readLines(lock)[0]) !== pid) return runningServer(folder, sockets);
  const socket = join(sockets, `.s.PGSQL.${SOCKET_PORT}`);
  for (const file of [lock, socket, `${socket}.lock`]) rmSync(file, { force: true });
  return null;
}

function workingIn(folder: string): (pid: string) => boolean {
  return (pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`) === folder;
    } catch {
      return false;
    }
  };
}

function processes(): string[] {
  return readdirSync("/proc").filter((name) => /^\d+$/.test(name));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}
