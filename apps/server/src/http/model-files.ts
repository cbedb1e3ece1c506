/** The files of a run's base model: listed with their hashes, and streamed to whoever may take part. */
import type { OutputOf } from "@fedtune/api";
import { FedtuneError, parseInput } from "@fedtune/core";
import type { Digest, RunId } from "@fedtune/core";
import { Router } from "express";
import type { Request, Response } from "express";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import { fields, paramsOf } from "../routes/params.ts";

/** A base model as it is told to those who take part. */
export type BaseModelView = OutputOf<"getModel">;
type ListedFile = BaseModelView["files"][number];

/** Where base models lie on this machine. */
export interface ModelFolders {
  /** The folder of a base model as a run names it; null: it is not handed out. */
  readonly modelFolder: (model: string) => string | null;
}

/** The models of a process; what was read once is remembered until the file changes. */
export interface ModelCatalogue {
  list(model: string): Promise<BaseModelView>;
  /**
   * Where a listed file lies.
   *
   * @throws FedtuneError `blob-missing` for any other name, and for one with another hash than `wanted`
   */
  find(
    model: string,
    file: { readonly name: string; readonly wanted: Digest | null },
  ): Promise<StoredFile>;
}

interface StoredFile extends ListedFile {
  readonly path: string;
  readonly changedAt: number;
}

/** What loading a model reads; everything else in its folder is the operator's own. */
const named: ReadonlySet<string> = new Set([
  ...["config.json", "model.safetensors", "model.safetensors.index.json"],
  ...["tokenizer.json", "tokenizer_config.json", "tokenizer.bin", "vocab.txt"],
  ...["chat_template.jinja", "preprocessor_config.json"],
]);
const shard = /^[\w-]+-\d{5}-of-\d{5}\.safetensors$/;

/** Makes a catalogue. */
export function modelCatalogue({ modelFolder }: ModelFolders): ModelCatalogue {
  const hashes = new Map<string, Promise<Digest>>();
  const filesOf = async (model: string): Promise<readonly StoredFile[]> => {
    const folder = modelFolder(model);
    if (folder === null) return [];
    const names = needed(await readdir(folder).catch(() => []));
    return Promise.all(
      names.map(async (name) => {
        const path = join(folder, name);
        const { size: bytes, mtimeMs: changedAt } = await stat(path);
        const hash = await remembered(hashes, path, `${bytes} ${changedAt}`);
        return { name, bytes, path, changedAt, hash };
      }),
    );
  };
  return {
    async list(model) {
      const files = (await filesOf(model)).map(({ name, bytes, hash }) => ({ name, bytes, hash }));
      return {
        name: basename(model),
        files,
        bytes: files.reduce((sum, one) => sum + one.bytes, 0),
      };
    },
    async find(model, { name, wanted }) {
      const file = (await filesOf(model)).find((one) => one.name === name);
      if (file !== undefined && (wanted === null || wanted === file.hash)) return file;
      const why = file === undefined ? "it has no such file" : "the file has changed";
      const message = `Cannot find "${name.slice(0, 80)}" of the base model: ${why}`;
      throw new FedtuneError("blob-missing", message, { data: { name, hash: wanted } });
    },
  };
}

/** A vocabulary besides tokenizer.json, and shards besides the whole, would be fetched for nothing. */
function needed(names: readonly string[]): readonly string[] {
  const hasTokenizer = names.includes("tokenizer.json");
  const isWhole = names.includes("model.safetensors");
  return names
    .filter((name) => named.has(name) || (!isWhole && shard.test(name)))
    .filter((name) => !hasTokenizer || !["tokenizer.bin", "vocab.txt"].includes(name))
    .filter((name) => !isWhole || name !== "model.safetensors.index.json")
    .sort();
}

/** A file's hash is computed once for each of its states; a failure is not remembered. */
function remembered(
  hashes: Map<string, Promise<Digest>>,
  path: string,
  state: string,
): Promise<Digest> {
  const key = `${path} ${state}`;
  const known = hashes.get(key);
  if (known !== undefined) return known;
  for (const old of hashes.keys()) if (old.startsWith(`${path} `)) hashes.delete(old);
  const hash = hashOfFile(path).catch((error: unknown) => {
    hashes.delete(key);
    throw error;
  });
  hashes.set(key, hash);
  return hash;
}

async function hashOfFile(path: string): Promise<Digest> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex") as Digest;
}

/** What the routes stand on. */
export interface ModelFileOptions {
  readonly catalogue: ModelCatalogue;
  /** The base model of a run. @throws FedtuneError `run-unknown` */
  readonly modelOf: (run: RunId) => Promise<string>;
  /** Lets a request in. @throws FedtuneError */
  readonly admit: (request: Request, run: RunId) => Promise<ModelReader>;
}

/** Who fetches. */
export interface ModelReader {
  /** Counts what is sent. @throws FedtuneError `rate-limited` */
  count(bytes: number): Promise<void>;
}

const address = z.object({ run: fields.run, file: z.string().max(200) });
const query = z.object({ hash: fields.hash.nullable() });

function wantedHash({ query: { hash } }: Request): Digest | null {
  const given = { hash: hash ?? null };
  return parseInput(query, given, { what: "the query", code: "message-invalid" }).hash;
}

/** A reader that takes nothing for so long is gone. */
const IDLE_MS = 60_000;

/** Routes under `/runs`. */
export function modelFileRoutes({ catalogue, modelOf, admit }: ModelFileOptions): Router {
  const router = Router({ caseSensitive: true });
  router.get("/:run/model/files/:file", async (request, response) => {
    const { run, file: name } = paramsOf(address, request);
    const reader = await admit(request, run);
    const wanted = wantedHash(request);
    const file = await catalogue.find(await modelOf(run), { name, wanted });
    response.set({
      "Cache-Control":
        wanted === null ? "private, no-cache" : "private, immutable, max-age=31536000",
      "Content-Type": "application/octet-stream",
      "Accept-Ranges": "none",
      "X-Fedtune-Hash": file.hash,
      ETag: `"${file.hash}"`,
    });
    if (request.fresh) {
      response.status(304).end();
      return;
    }
    response.set("Content-Length", String(file.bytes));
    if (request.method === "HEAD") {
      response.end();
      return;
    }
    await reader.count(file.bytes);
    await send(file, response);
  });
  return router;
}

/** Bytes go straight from the disk; a file that was replaced meanwhile is not sent under the other's hash. */
async function send({ path, bytes, changedAt }: StoredFile, response: Response): Promise<void> {
  const handle = await open(path);
  const { size, mtimeMs } = await handle.stat();
  if (size !== bytes || mtimeMs !== changedAt) {
    await handle.close();
    throw new FedtuneError("blob-missing", "Cannot send the file: it has just changed");
  }
  response.setTimeout(IDLE_MS, () => response.destroy());
  // A reader that leaves is nobody's error.
  await pipeline(handle.createReadStream(), response).catch(() => response.destroy());
}
