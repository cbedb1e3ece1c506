/** Data by path, or the built-in set by name. */
import { householdFile } from "@fedtune/training/node";
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";

/** Name of the built-in set; its column `client` says whose a row is. */
const BUILT_IN = "household-intents";

/** What a user means: one of the two files of the built-in set, a file, or a folder, which ends with a slash then. */
export function dataPath(named: string, part: "train" | "test"): string {
  if (named === BUILT_IN && !existsSync(named)) return householdFile(`${part}.tsv`);
  const path = resolve(named);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? `${path}/` : path;
}
