/** Adapters as people keep them: a folder that PEFT opens. */
import { adapterKind, FedtuneError, readPeftAdapter, writePeftAdapter } from "@fedtune/core";
import type { PeftAdapter, RunConfig } from "@fedtune/core";
import type { ModelDescription } from "@fedtune/training";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** PEFT's name of the settings' file. */
const CONFIG = "adapter_config.json";
/** PEFT's name of the tensors' file. */
export const TENSORS = "adapter_model.safetensors";

/** An adapter with what its files must say. */
export interface AdapterToSave {
  readonly description: ModelDescription;
  readonly values: Float32Array;
  readonly config: Pick<RunConfig, "adapter" | "model" | "task">;
  /** Facts for the tensors' metadata, for example run and round. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Writes the folder; each file appears whole or not at all. Returns the folder. */
export async function saveAdapter(folder: string, adapter: AdapterToSave): Promise<string> {
  const { description, values, config, metadata = {} } = adapter;
  const { kind, rank, loraAlpha, targetModules } = config.adapter;
  const files = writePeftAdapter(description.layout, values, {
    kind: adapterKind(kind),
    rank,
    loraAlpha,
    targetModules,
    prefix: description.prefix,
    baseModel: config.model,
    metadata: { labels: JSON.stringify(config.task.labels), ...metadata },
  });
  await mkdir(folder, { recursive: true });
  await replaceFile(join(folder, TENSORS), files.safetensors);
  await replaceFile(join(folder, CONFIG), files.config);
  return folder;
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
