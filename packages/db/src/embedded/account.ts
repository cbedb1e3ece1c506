/** The account under which an embedded Postgres runs: it refuses to be root. */
import { FedtuneError } from "@fedtune/core";
import { readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** A user and its group. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Who runs the server; null: whoever runs this program.
 *
 * @throws FedtuneError `storage-failed` for root on a machine without an unprivileged account
 */
export function serverAccount(): Account | null {
  if (process.getuid?.() !== 0) return null;
  const users = readFileSync("/etc/passwd", "utf8").split("\n").map(parseUser);
  for (const wanted of ["postgres", "nobody"]) {
    const user = users.find(({ name }) => name === wanted);
    if (user !== undefined && user.uid > 0) return { uid: user.uid, gid: user.gid };
  }
  throw new FedtuneError(
    "storage-failed",
    'Cannot start the embedded Postgres as root: found neither user "postgres" nor "nobody" to run it',
  );
}

function parseUser(line: string): Account & { readonly name: string } {
  const [name = "", , uid, gid] = line.split(":");
  return { name, uid: Number(uid), gid: Number(gid) };
}

/** Whether the account may pass through the folder and all folders above it. */
export function canReach(folder: string, account: Account | null): boolean {
  if (account === null) return true;
  const { mode, uid, gid } = statSync(folder);
  const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  const parent = dirname(folder);
  return (mode & bit) !== 0 && (parent === folder || canReach(parent, account));
}
