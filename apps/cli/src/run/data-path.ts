/** Data files by path, or the built-in set by name. */
import { householdFile } from "@fedtune/training/node";
import { existsSync } from "node:fs";
import { resolve } from "node:path";

/** Name of the built-in set; its column `client` says whose a row is. */
const BUILT_IN = "household-intents";

/** The file that a user means: a path, or one of the two files of the built-in set. */
export function dataPath(named: string, part: "train" | "test"): string {
  return named === BUILT_IN && !existsSync(named) ? householdFile(`${part}.tsv`) : resolve(named);
}
