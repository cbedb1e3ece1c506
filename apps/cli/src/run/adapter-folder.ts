/** Adapters as people keep them: a folder that PEFT opens. */
import {
  adapterKind,
  factorView,
  FedtuneError,
  readPeftAdapter,
  readSafetensors,
  writePeftAdapter,
  describePlan,
  lacksOf,
} from "@fedtune/core";
import type { FactorRole, PeftAdapter, ResolvedRun, RunSpec } from "@fedtune/core";
import type { ModelDescription } from "@fedtune/training";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** PEFT's name of the settings' file. */
const CONFIG = "adapter_config.json";
/** PEFT's name of the tensors' file. */
const TENSORS = "adapter_model.safetensors";

/** A coordinator's adapter with what its files must say. */
export interface AdapterToSave {
  readonly description: ModelDescription;
  readonly values: Float32Array;
  readonly resolved: ResolvedRun;
  readonly round: number;
  /** The adapter of round 0 where its product was taken out of the base. */
  readonly takenOut: Float32Array | null;
  /** More for the tensors' metadata. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An adapter as it is, whoever has it. */
export interface WholeAdapter {
  readonly description: ModelDescription;
  readonly values: Float32Array;
  readonly adapter: ResolvedRun["config"]["adapter"] | RunSpec["adapter"];
  readonly model: string;
  readonly labels: readonly string[];
  readonly run: string;
  readonly round: number;
  /** What it lacks: see `lacksOf`. */
  readonly lacking: readonly string[];
  /** The adapter of round 0 where its product was taken out of the base; null where none was, or that is lacking. */
  readonly takenOut: Float32Array | null;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Name in the tensors' metadata of what is missing, with spaces between: see `lacksOf`. */
export const INCOMPLETE = "incomplete";

/**
 * Writes the folder; each file appears whole or not at all. Returns the folder.
 *
 * Personal factors are zero in it, or as in round 0 where they were not zero; what the run added to the base is not in
 * it; the file says so.
 */
export async function saveAdapter(folder: string, adapter: AdapterToSave): Promise<string> {
  const { description, resolved, round, takenOut, metadata = {} } = adapter;
  const { config } = resolved;
  const personal = describePlan(resolved.method, resolved).keeps;
  return saveWhole(folder, {
    description,
    values: withoutRoles(adapter, personal),
    adapter: config.adapter,
    model: config.model,
    labels: config.task.labels,
    run: config.name,
    round,
    lacking: lacksOf(resolved),
    takenOut,
    metadata,
  });
}

/** Writes the folder with all values as they are. */
export async function saveWhole(folder: string, whole: WholeAdapter): Promise<string> {
  const { description, values, adapter, lacking, takenOut } = whole;
  const { kind, rank, loraAlpha, targetModules } = adapter;
  const files = writePeftAdapter(description.layout, values, {
    kind: adapterKind(kind),
    rank,
    loraAlpha,
    targetModules,
    prefix: description.prefix,
    taskType: description.taskType,
    fanInFanOut: description.fanInFanOut,
    takenOut,
    baseModel: whole.model,
    metadata: {
      labels: JSON.stringify(whole.labels),
      run: whole.run,
      round: String(whole.round),
      ...(lacking.length === 0 ? {} : { [INCOMPLETE]: lacking.join(" ") }),
      ...whole.metadata,
    },
  });
  await mkdir(folder, { recursive: true });
  await replaceFile(join(folder, TENSORS), files.safetensors);
  await replaceFile(join(folder, CONFIG), files.config);
  return folder;
}

function withoutRoles(
  { description, values, takenOut }: AdapterToSave,
  roles: readonly FactorRole[],
): Float32Array {
  const shared = values.slice();
  for (const factor of description.layout.factors) {
    if (!roles.includes(factor.role)) continue;
    if (takenOut === null) factorView(shared, factor).fill(0);
    else factorView(shared, factor).set(factorView(takenOut, factor));
  }
  return shared;
}

/** Writes beside the target and renames, so that a reader never sees half a file. */
export async function replaceFile(path: string, content: string | Uint8Array): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await writeFile(draft, content);
  await rename(draft, path);
}

/**
 * Reads an adapter folder.
 *
 * @throws FedtuneError `file-missing`, `adapter-invalid`, `safetensors-invalid`
 */
export async function loadAdapter(folder: string, prefix: string): Promise<PeftAdapter> {
  const [config, tensors] = await Promise.all([read(folder, CONFIG), read(folder, TENSORS)]);
  return readPeftAdapter(new TextDecoder().decode(config), tensors, { prefix });
}

/**
 * What an adapter's file says about itself.
 *
 * @throws FedtuneError `file-missing`, `safetensors-invalid`
 */
export async function adapterMetadata(folder: string): Promise<ReadonlyMap<string, string>> {
  return readSafetensors(await read(folder, TENSORS)).metadata;
}

async function read(folder: string, name: string): Promise<Uint8Array> {
  const path = join(folder, name);
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw new FedtuneError(
      "file-missing",
      `Cannot read adapter folder ${folder}: it has no readable ${name}`,
      {
        data: { folder, file: name },
        cause,
      },
    );
  }
}

/** Where a coordinator keeps the adapter of a round. */
export function roundFolder(dataDir: string, run: string, round: number): string {
  return join(dataDir, "runs", run, `round-${round}`);
}
