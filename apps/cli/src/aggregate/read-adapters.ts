/** Adapter folders that are to be combined, and whether they fit. */
import { asFedtuneError, FedtuneError } from "@fedtune/core";
import type { Factor, PeftAdapter } from "@fedtune/core";
import { adapterMetadata, INCOMPLETE, loadAdapter } from "../run/adapter-folder.ts";
import { lackText } from "../run/report-text.ts";
import type { WeightedFolder } from "../values.ts";

/** One folder's adapter. */
export interface FolderAdapter extends WeightedFolder {
  readonly adapter: PeftAdapter;
  /** The run's ordered labels as the file tells them; a file that PEFT wrote does not. */
  readonly labels: string | undefined;
}

/**
 * Reads folders and checks that they adapt the same modules alike; ranks and scalings may differ.
 *
 * @throws FedtuneError `file-missing`, `adapter-invalid` naming the folder that is broken, incomplete or different
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
  const { adapter, metadata } = await readFiles(folder);
  const incomplete = metadata.get(INCOMPLETE)?.split(" ") ?? [];
  if (incomplete.length > 0) {
    const message = `Cannot combine ${folder}: it is incomplete; ${lackText(incomplete)}`;
    throw new FedtuneError("adapter-invalid", message, { data: { folder, incomplete } });
  }
  return { folder, weight, adapter, labels: metadata.get("labels") };
}

/** Names the folder where an error names only a tensor; a value that is not finite is a fault of the file here. */
async function readFiles(folder: string) {
  try {
    // Without a base model nothing is known of its prefix: names stay as they are.
    const adapter = await loadAdapter(folder, "");
    return { adapter, metadata: await adapterMetadata(folder) };
  } catch (cause) {
    const { code, message, data } = asFedtuneError(cause);
    if (code === "file-missing") throw cause;
    throw new FedtuneError(
      code === "not-finite" ? "adapter-invalid" : code,
      `Cannot read adapter folder ${folder}: ${message}`,
      { data: { ...data, folder }, cause },
    );
  }
}

interface Difference {
  readonly what: string;
  readonly found: string;
  readonly wanted: string;
}

function differenceOf(first: FolderAdapter, other: FolderAdapter): Difference | null {
  const [kind, wantedKind] = [other.adapter.kind, first.adapter.kind];
  if (rolesOf(other) !== rolesOf(first) || kind.product !== wantedKind.product) {
    return { what: "the adapter kind", found: kind.name, wanted: wantedKind.name };
  }
  const [wanted, found] = [factsOf(first, other), factsOf(other, first)];
  const what = [...wanted.keys(), ...found.keys()].find(
    (key) => wanted.get(key) !== found.get(key),
  );
  if (what === undefined) return null;
  return { what, found: found.get(what) ?? "missing", wanted: wanted.get(what) ?? "not there" };
}

/** Kinds with the same roles and product differ in nothing but their scaling. */
function rolesOf({ adapter }: FolderAdapter): string {
  const roles = adapter.layout.factors.map(({ role }) => role);
  return [...new Set(roles.filter((role) => role !== "head"))].sort().join();
}

/** What must be alike whatever the rank; a label list that only one file tells is taken to be the other's too. */
function factsOf({ adapter, labels }: FolderAdapter, other: FolderAdapter): Map<string, string> {
  const { layout, fanInFanOut } = adapter;
  return new Map([
    ["fan_in_fan_out", String(fanInFanOut)],
    ["the label list", labels ?? other.labels ?? "unknown"],
    ...layout.factors.map((factor) => [factor.name, sizeText(factor)] as const),
  ]);
}

/** A is `[r, in]`, B `[out, r]`: their rank may differ. */
function sizeText({ role, shape }: Factor): string {
  const [rows = 0, columns = 0] = shape;
  if (role === "down" && shape.length === 2) return `[rank, ${columns}]`;
  return role === "up" && shape.length === 2 ? `[${rows}, rank]` : `[${shape.join(", ")}]`;
}
