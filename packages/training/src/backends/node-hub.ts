/** Base models from a hub: fetched once, checked, kept where Python keeps them, and named by their commit ever after. */
import { FedtuneError } from "@fedtune/core";
import { join } from "node:path";
import { fetchBlob } from "./node-hub-blob.ts";
import {
  cachedCommit,
  lackOf,
  linkBlob,
  noteCommit,
  repoFolder,
  shardsOf,
  snapshotFolder,
} from "./node-hub-cache.ts";
import { askCommit, askFiles, readHubFile } from "./node-hub-client.ts";
import type { HubCommit, HubFile } from "./node-hub-client.ts";
import type { HubAsk } from "./node-hub-fetch.ts";
import { hubName, isCommit, parseHubName } from "./node-hub-name.ts";
import type { HubName } from "./node-hub-name.ts";
import { hubSettings } from "./node-hub-settings.ts";
import type { HubSettings } from "./node-hub-settings.ts";

/** A model of a hub that lies here. */
export interface HubModel {
  readonly folder: string;
  readonly commit: string;
  /** `hub:owner/name@commit`: means the same everywhere and always. */
  readonly name: string;
}

/** How a model is fetched. */
export interface HubRequest {
  /** Default: the environment's. */
  readonly settings?: HubSettings;
  readonly signal?: AbortSignal;
  /** Bytes of all files that are needed; nothing is told of a model that lies here. */
  onProgress?(progress: { readonly done: number; readonly total: number }): void;
}

/**
 * Fetches what a model needs and this machine lacks: configuration, tokenizer, safetensors. A commit that lies here whole is
 * answered without asking anybody; a branch or tag is asked for every time, unless offline.
 *
 * @throws FedtuneError `timeout`, `transport-closed` (the hub does not answer), `unauthenticated`, `forbidden` (private or
 *   gated), `model-invalid` (not there, or no model), `blob-corrupt`, `file-missing` (offline, and not here), `cancelled`
 */
export async function fetchHubModel(name: HubName, request: HubRequest = {}): Promise<HubModel> {
  const { settings = hubSettings(), signal = new AbortController().signal } = request;
  const { cache, offline } = settings;
  const ask: HubAsk = { model: hubName(name), settings, signal };
  const commit =
    offline || isCommit(name.revision)
      ? await cachedCommit(cache, name)
      : await askCommit(name, ask);
  const at = commit === null ? null : { repo: name.repo, commit };
  const lack = at === null ? "the revision" : await lackOf(folderOf(cache, at));
  if (offline && (at === null || lack !== null)) throw notHere(name, settings, lack);
  if (at === null) throw new RangeError("A revision is either asked for or a commit");
  if (lack !== null) await fetchMissing(at, ask, request);
  await noteCommit(cache, name, at.commit);
  const pinned = hubName({ repo: name.repo, revision: at.commit });
  return { folder: folderOf(cache, at), commit: at.commit, name: pinned };
}

/** Where a model named by its commit lies or would lie; null for any other name. Asks nobody. */
export function hubModelFolder(name: string, settings = hubSettings()): string | null {
  const parsed = parseHubName(name);
  if (parsed === null || !isCommit(parsed.revision)) return null;
  return snapshotFolder(settings.cache, parsed.repo, parsed.revision);
}

function folderOf(cache: string, { repo, commit }: HubCommit): string {
  return snapshotFolder(cache, repo, commit);
}

function notHere(name: HubName, { cache }: HubSettings, lack: string | null): FedtuneError {
  const model = hubName(name);
  const message = `Cannot load base model "${model}": HF_HUB_OFFLINE is set, and ${lack ?? "it"} is not in ${cache}`;
  return new FedtuneError("file-missing", message, { data: { model, cache, reason: "offline" } });
}

/** Everything but weights; each is fetched where the repository has it. */
const smallFiles = [
  ...["config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"],
  ...["vocab.txt", "vocab.json", "merges.txt", "tokenizer.bin", "chat_template.jinja"],
  ...["preprocessor_config.json", "generation_config.json"],
];
const indexFile = "model.safetensors.index.json";

async function fetchMissing(at: HubCommit, ask: HubAsk, request: HubRequest): Promise<void> {
  const { cache } = ask.settings;
  const listed = await askFiles(at, ask);
  const present = (names: readonly string[]) => names.flatMap((name) => listed.get(name) ?? []);
  const isSharded = !listed.has("model.safetensors");
  const small = present([...smallFiles, ...(isSharded ? [indexFile] : [])]);
  if (!listed.has("config.json")) throw noModel(ask, "config.json");
  if (isSharded && !listed.has(indexFile)) throw noModel(ask, "model.safetensors");
  for (const file of small) await fetchFile({ at, file, ask }, () => undefined);
  const shards = isSharded ? await shardsOf(join(folderOf(cache, at), indexFile)) : [];
  const lost = shards.find((name) => !listed.has(name));
  if (lost !== undefined) throw noModel(ask, lost);
  const weights = present(isSharded ? shards : ["model.safetensors"]);
  const total = sumOf([...small, ...weights]);
  let before = sumOf(small);
  for (const file of weights) {
    await fetchFile({ at, file, ask }, (done) =>
      request.onProgress?.({ done: before + done, total }),
    );
    before += file.bytes;
  }
}

function sumOf(files: readonly HubFile[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}

function noModel({ model }: HubAsk, path: string): FedtuneError {
  const message = `Cannot load base model "${model}": its repository has no ${path}, wanted config.json and safetensors`;
  return new FedtuneError("model-invalid", message, { data: { model, path } });
}

interface FileToFetch {
  readonly at: HubCommit;
  readonly file: HubFile;
  readonly ask: HubAsk;
}

async function fetchFile(
  { at, file, ask }: FileToFetch,
  onBytes: (done: number) => void,
): Promise<void> {
  const { cache } = ask.settings;
  const blob = join(repoFolder(cache, at.repo), "blobs", file.hash.hex);
  const read = (from: number) => readHubFile({ ...at, path: file.path, from }, ask);
  await fetchBlob({ file, blob, read, onBytes, signal: ask.signal });
  await linkBlob(blob, join(folderOf(cache, at), file.path));
}
