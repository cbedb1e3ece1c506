/** Adapter folders that are to be combined, and whether they fit. */
import { FedtuneError, readSafetensors } from "@fedtune/core";
import type { Factor, PeftAdapter } from "@fedtune/core";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadAdapter } from "../run/adapter-folder.ts";
import type { WeightedFolder } from "../values.ts";

/** One folder's adapter. */
export interface FolderAdapter extends WeightedFolder {
  readonly adapter: PeftAdapter;
  /** The run's ordered labels as the file tells them; a file that PEFT wrote does not. */
  readonly labels: string | undefined;
}

/**
 * Reads folders and checks that they are of one shape.
 *
 * @throws FedtuneError `file-missing`, `adapter-invalid` naming the folder that differs
 */
export async function readAdapters(
  folders: readonly WeightedFolder[],
): Promise<readonly [FolderAdapter, ...FolderAdapter[]]> {
  const [first, ...others] = await Promise.all(folders.map(readOne));
  if (first === undefined) throw new RangeError("Cannot combine no adapters at all");
  for (const other of others) {
    const difference = differenceOf(first, other);
    if (difference === null) continue;
    const { what, found, wanted } = difference;
    throw new FedtuneError(
      "adapter-invalid",
      `Cannot combine ${other.folder} with ${first.folder}: ${what} is ${found}, wanted ${wanted}`,
      { data: { folder: other.folder, what, found, wanted } },
    );
  }
  return [first, ...others];
}

async function readOne({ folder, weight }: WeightedFolder): Promise<FolderAdapter> {
  // Without a base model nothing is known of its prefix: names stay as they are.
  const adapter = await loadAdapter(folder, "");
  const tensors = await readFile(join(folder, "adapter_model.safetensors"));
  return { folder, weight, adapter, labels: readSafetensors(tensors).metadata.get("labels") };
}

interface Difference {
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
}

function differenceOf(first: FolderAdapter, other: FolderAdapter): Difference | null {
  const facts = (one: FolderAdapter) => ({
    "the adapter kind": one.adapter.kind.name,
    "the rank": String(one.adapter.rank),
    lora_alpha: String(one.adapter.loraAlpha),
    "the label list": one.labels ?? first.labels ?? "unknown",
    ...Object.fromEntries(
      one.adapter.layout.factors.map((factor) => [factor.name, shapeText(factor)]),
    ),
  });
  const [wanted, found] = [
    new Map(Object.entries(facts(first))),
    new Map(Object.entries(facts(other))),
  ];
  const what = [...wanted.keys(), ...found.keys()].find(
    (key) => wanted.get(key) !== found.get(key),
  );
  if (what === undefined) return null;
  return { what, found: found.get(what) ?? "missing", wanted: wanted.get(what) ?? "not there" };
}

function shapeText({ shape }: Factor): string {
  return `[${shape.join(", ")}]`;
}
