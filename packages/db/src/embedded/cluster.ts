/** The files of an embedded Postgres: where they are, how they come about, how they are named to its programs. */
import { FedtuneError } from "@fedtune/core";
import { execFile } from "node:child_process";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { canReach, serverAccount } from "./account.ts";
import type { Account } from "./account.ts";
import { findBinaries } from "./binaries.ts";
import type { Binaries } from "./binaries.ts";
import { storageFailed } from "../retry.ts";
import { shortHash } from "./short-hash.ts";

/** An embedded Postgres that is not necessarily running. */
export interface Cluster {
  readonly folder: string;
  /** Where clients find the socket. */
  readonly sockets: string;
  readonly binaries: Binaries;
  readonly account: Account | null;
  /** What its programs are started with: they see the cluster as `here`. */
  readonly spawning: Spawning;
  readonly here: string;
}

interface Spawning {
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** The path of a Unix socket holds about 100 bytes. */
const LONGEST_SOCKET_FOLDER = 85;
const DRAFT = ".fedtune-postgres-";
const OLD_DRAFT_MS = 3_600_000;

/**
 * The name of a program's own working folder. A process that starts in a folder may use it by this name whatever the
 * folders above it forbid: so the cluster of root's closed folder can be served by an unprivileged account.
 */
const WORKING_FOLDER = "/proc/self/cwd";

/** Opens the cluster in `directory`; makes it if there is none. */
export async function openCluster(directory: string): Promise<Cluster> {
  const folder = resolve(directory);
  const account = serverAccount();
  mkdirSync(dirname(folder), { recursive: true });
  const here = nameWithin(folder, account);
  const binaries = await findBinaries(account);
  const spawning = { ...account, cwd: folder, env: { ...process.env, LC_ALL: "C", TZ: "UTC" } };
  const sockets = socketFolder(folder, account);
  const cluster = { folder, sockets, binaries, account, spawning, here };
  if (!isMade(folder)) await makeCluster(cluster);
  return cluster;
}

/** How programs of the account, started in the folder, are to call it. */
function nameWithin(folder: string, account: Account | null): string {
  const parent = realpathSync(dirname(folder));
  if (canReach(parent, account)) return folder;
  if (existsSync(WORKING_FOLDER)) return WORKING_FOLDER;
  const message = `Cannot keep a database in ${folder}: root's is served by user ${account?.uid ?? ""}, who may not pass ${parent}`;
  throw new FedtuneError("storage-failed", message);
}

function isMade(folder: string): boolean {
  return existsSync(join(folder, "PG_VERSION"));
}

/** Builds aside, then renames: a half-made cluster never stands in its place. */
async function makeCluster({ folder, here, account, binaries, spawning }: Cluster): Promise<void> {
  const parent = dirname(folder);
  removeOldDrafts(parent);
  const draft = mkdtempSync(join(parent, DRAFT));
  try {
    if (account !== null) chownSync(draft, account.uid, account.gid);
    const target = here === folder ? draft : here;
    const locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"];
    const access = ["-U", "postgres", "-A", "trust", "-E", "UTF8"];
    await promisify(execFile)(binaries.initdb, ["-D", target, ...access, ...locale], {
      ...spawning,
      cwd: draft,
    });
    renameSync(draft, folder);
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true });
    // Another process may have been faster: then its cluster is used.
    if (!isMade(folder)) throw storageFailed(`Cannot make a database in ${folder}`, cause);
  }
}

/** What a process that was killed while it made a cluster has left. */
function removeOldDrafts(parent: string): void {
  for (const name of readdirSync(parent).filter((name) => name.startsWith(DRAFT))) {
    const draft = join(parent, name);
    const found = statSync(draft, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > OLD_DRAFT_MS) {
      rmSync(draft, { recursive: true, force: true });
    }
  }
}

/**
 * Where the socket is: the cluster's own folder, which is closed to all others; of a path that is too long for a socket,
 * a closed folder among the temporary ones, made if it is missing.
 *
 * @throws FedtuneError `storage-failed` when somebody else has put something there
 */
export function socketFolder(folder: string, account: Account | null): string {
  if (Buffer.byteLength(folder) <= LONGEST_SOCKET_FOLDER) return folder;
  const place = join(tmpdir(), `fedtune-${shortHash(folder)}`);
  const owner = account?.uid ?? process.getuid?.();
  const made = mkdirSync(place, { recursive: true, mode: 0o700 });
  if (made !== undefined && account !== null) chownSync(place, account.uid, account.gid);
  const found = lstatSync(place);
  // Whoever could make this folder first could pose as the database.
  if (found.isDirectory() && found.uid === owner && (found.mode & 0o077) === 0) return place;
  const message = `Cannot put the database's socket into ${place}: it is not a closed folder of user ${owner ?? ""}`;
  throw new FedtuneError("storage-failed", message);
}
