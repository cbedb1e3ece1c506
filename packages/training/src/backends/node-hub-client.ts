/** Questions to a hub, through its own library; that library checks no hash, which is left to who writes the bytes down. */
import { FedtuneError } from "@fedtune/core";
import { z } from "zod";
import type { HubAsk } from "./node-hub-fetch.ts";
import { patientFetch } from "./node-hub-fetch.ts";
import type { HubName } from "./node-hub-name.ts";

/** A file of a repository. */
export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  /** Of large files the SHA-256 of the content, of others git's hash of it. */
  readonly hash: { readonly kind: "sha256" | "git"; readonly hex: string };
}

/** One commit of a repository. */
export interface HubCommit {
  readonly repo: string;
  readonly commit: string;
}

const hex = (digits: number) => z.string().regex(new RegExp(`^[0-9a-f]{${digits}}$`));
const shaSchema = z.object({ sha: hex(40) });
const bytesSchema = z.int().min(0);
const entrySchema = z.union([
  z.object({ path: z.string(), lfs: z.object({ oid: hex(64), size: bytesSchema }) }),
  z.object({ path: z.string(), oid: hex(40), size: bytesSchema }),
]);

/** The commit that a revision means now. @throws FedtuneError, see {@link patientFetch} */
export async function askCommit({ repo, revision }: HubName, ask: HubAsk): Promise<string> {
  const { modelInfo } = await import("@huggingface/hub");
  const { fetch, explain } = patientFetch(ask);
  try {
    const found = await modelInfo({
      ...access(ask),
      ...{ name: repo, revision, additionalFields: ["sha"], fetch },
    });
    return readAnswer(shaSchema, found, ask).sha;
  } catch (error) {
    throw explain(error);
  }
}

/** The files beside each other at the top of a repository. @throws FedtuneError, see {@link patientFetch} */
export async function askFiles(at: HubCommit, ask: HubAsk): Promise<ReadonlyMap<string, HubFile>> {
  const { listFiles } = await import("@huggingface/hub");
  const { fetch, explain } = patientFetch(ask);
  const files = new Map<string, HubFile>();
  try {
    for await (const entry of listFiles({ ...access(ask), ...of(at), fetch }))
      if (entry.type === "file") files.set(entry.path, fileOf(readAnswer(entrySchema, entry, ask)));
    return files;
  } catch (error) {
    throw explain(error);
  }
}

function fileOf(entry: z.output<typeof entrySchema>): HubFile {
  const { path } = entry;
  return "lfs" in entry
    ? { path, bytes: entry.lfs.size, hash: { kind: "sha256", hex: entry.lfs.oid } }
    : { path, bytes: entry.size, hash: { kind: "git", hex: entry.oid } };
}

/** A file's bytes from a place on. @throws FedtuneError, see {@link patientFetch} */
export async function* readHubFile(
  at: HubCommit & { readonly path: string; readonly from: number },
  ask: HubAsk,
): AsyncGenerator<Uint8Array> {
  const { downloadFile } = await import("@huggingface/hub");
  const { fetch, explain } = patientFetch(ask);
  try {
    const whole = await downloadFile({
      ...access(ask),
      ...of(at),
      ...{ path: at.path, xet: false, fetch },
    });
    if (whole === null) throw new Error(`${at.path} is not there`);
    for await (const part of whole.slice(at.from).stream()) yield part as Uint8Array;
  } catch (error) {
    throw explain(error);
  }
}

function of({ repo, commit }: HubCommit) {
  return { repo: { type: "model" as const, name: repo }, revision: commit };
}

function access({ settings: { endpoint } }: HubAsk) {
  return { hubUrl: endpoint };
}

function readAnswer<T>(schema: z.ZodType<T>, answer: unknown, { model, settings }: HubAsk): T {
  const parsed = schema.safeParse(answer);
  if (parsed.success) return parsed.data;
  const message = `Cannot load base model "${model}": ${settings.endpoint} does not answer as a hub does: ${z.prettifyError(parsed.error)}`;
  throw new FedtuneError("model-invalid", message, { data: { model, reason: "hub-unreadable" } });
}
