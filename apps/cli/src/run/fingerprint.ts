/** What tells one holder's data from another's: a hash of all of it. */
import { utf8 } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Of a whole file, or of a folder with the names in it: what a run may not use of it counts all the same, never less. */
export async function fingerprint(path: string): Promise<string> {
  if (!path.endsWith("/")) return nodeHash.sha256(new Uint8Array(await readFile(path)));
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(path.length))
    .sort();
  const lines: string[] = [];
  for (const file of files)
    lines.push(`${await fingerprint(join(path, file))} ${JSON.stringify(file)}`);
  return nodeHash.sha256(utf8(lines.join("\n")));
}
