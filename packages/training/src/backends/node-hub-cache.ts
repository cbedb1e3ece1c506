/** Python's cache of hub files: blobs by hash, snapshots of links by commit, commits by the name of a revision. */
import { FedtuneError } from "@fedtune/core";
import {
  access,
  copyFile,
  mkdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { isCommit } from "./node-hub-name.ts";
import type { HubName } from "./node-hub-name.ts";

/** The folder of a repository, where Python's huggingface_hub has it. */
export function repoFolder(cache: string, repo: string): string {
  return join(cache, ["models", ...repo.split("/")].join("--"));
}

/** Where the files of a commit are, once they are there. */
export function snapshotFolder(cache: string, repo: string, commit: string): string {
  return join(repoFolder(cache, repo), "snapshots", commit);
}

/** The commit that a revision meant when it was last asked for; null: it never was. */
export async function cachedCommit(
  cache: string,
  { repo, revision }: HubName,
): Promise<string | null> {
  if (isCommit(revision)) return revision;
  const text = await readFile(refFile(cache, { repo, revision }), "utf8").catch(() => "");
  return isCommit(text.trim()) ? text.trim() : null;
}

/** Notes what a revision means. */
export async function noteCommit(cache: string, name: HubName, commit: string): Promise<void> {
  if (isCommit(name.revision)) return;
  const path = refFile(cache, name);
  await mkdir(dirname(path), { recursive: true });
  await replace(path, (draft) => writeFile(draft, commit));
}

function refFile(cache: string, { repo, revision }: HubName): string {
  return join(repoFolder(cache, repo), "refs", ...revision.split("/"));
}

/** Puts a blob into a snapshot under its name: as a link, or as a copy where links are not to be had. */
export async function linkBlob(blob: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await replace(path, async (draft) => {
    await symlink(relative(dirname(path), blob), draft).catch(() => copyFile(blob, draft));
  });
}

/** A reader sees the file whole or not at all. */
async function replace(path: string, write: (draft: string) => Promise<void>): Promise<void> {
  const draft = `${path}.${process.pid}.tmp`;
  await rm(draft, { force: true });
  await write(draft);
  await rename(draft, path);
}

/** Whether a path leads to a file. */
function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });
/** A shard lies beside its index. */
const shardName = /^[\w-][\w.-]*\.safetensors$/;

/**
 * The files that an index of weights names.
 *
 * @throws FedtuneError `model-invalid`
 */
export async function shardsOf(index: string): Promise<readonly string[]> {
  const parsed = indexSchema.safeParse(jsonOf(await readFile(index, "utf8")));
  const shards = [...new Set(Object.values(parsed.data?.weight_map ?? {}))].sort();
  if (shards.length > 0 && shards.every((name) => shardName.test(name))) return shards;
  const message = `Cannot load ${index}: wanted a weight_map from tensors to files beside it`;
  throw new FedtuneError("model-invalid", message, { data: { path: index } });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** What tells texts or pictures apart for the model; one of them is enough. */
const inputFiles = ["tokenizer.json", "vocab.txt", "tokenizer.bin", "preprocessor_config.json"];

/** The first thing that a snapshot lacks to be a model; null: it is whole. Weights are fetched last. */
export async function lackOf(snapshot: string): Promise<string | null> {
  const has = (name: string): Promise<boolean> => isThere(join(snapshot, name));
  if (!(await has("config.json"))) return "config.json";
  if (!(await Promise.all(inputFiles.map(has))).includes(true)) return "tokenizer.json";
  if (await has("model.safetensors")) return null;
  const index = "model.safetensors.index.json";
  if (!(await has(index))) return "model.safetensors";
  for (const shard of await shardsOf(join(snapshot, index))) if (!(await has(shard))) return shard;
  return null;
}
