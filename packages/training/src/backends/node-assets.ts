/** What comes with the package: the default base model and the demo's data set. */
import { fileURLToPath } from "node:url";

const builtinModels = ["fedtune-mini"] as const;

/** Folder of a base model that comes with the package, or null when the name is none. */
export function builtinModelFolder(name: string): string | null {
  return builtinModels.some((known) => known === name) ? asset(name) : null;
}

/** A file of the demo's data set, household intents. */
export function householdFile(name: "train.tsv" | "test.tsv" | "labels.txt"): string {
  return asset(`household-intents/${name}`);
}

function asset(path: string): string {
  return fileURLToPath(new URL(`../../assets/${path}`, import.meta.url));
}
