import { digestPattern, FedtuneError, idPattern, parseInput, resolveRun } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Io } from "../io.ts";
import { adapterMetadata, INCOMPLETE, roundFolder, saveAdapter } from "./adapter-folder.ts";
import { openBaseModel, takenOutOf } from "./base-model.ts";
import { lacksOf } from "./plan-of-method.ts";
import { lackText, savedText } from "./report-text.ts";
import { registries } from "./registries.ts";

/** What `fedtune export` was asked for; exactly one of `server` and `dataDir` is there. */
export interface ExportOptions {
  readonly out: string;
  readonly run?: string | undefined;
  readonly round?: number | undefined;
  readonly server?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly coldStart?: string | undefined;
  /** Where the base model lies here, if it is no built-in one. */
  readonly model?: string | undefined;
}

/**
 * Exports a run's adapter.
 *
 * @throws FedtuneError `usage` when neither a coordinator nor a folder is named
 */
export async function runExport(options: ExportOptions, io: Io): Promise<undefined> {
  const { out, server, dataDir } = options;
  if (server !== undefined) {
    done(await fromServer(options, server.replace(/\/+$/, ""), io.signal), out, io);
  } else if (dataDir !== undefined) {
    done(await fromFolder(options, dataDir), out, io);
  } else {
    throw noSource();
  }
  return undefined;
}

function noSource(): FedtuneError {
  return new FedtuneError("usage", "Cannot export: neither --server nor --data-dir is given", {
    data: { help: "fedtune export --help" },
  });
}

interface Exported {
  readonly run: string;
  readonly round: number;
  /** What it lacks. */
  readonly incomplete: readonly string[];
}

function done({ run, round, incomplete }: Exported, out: string, io: Io): void {
  io.result(
    { run, round, adapter: out, incomplete },
    () => `Run "${run}" after round ${round}\n${savedText(out, incomplete)}`,
  );
}

/** Copies what the coordinator saved after a round. */
async function fromFolder(options: ExportOptions, dataDir: string): Promise<Exported> {
  const { run, round, out } = options;
  const name = run ?? (await onlyEntry(join(dataDir, "runs")));
  const rounds = (await entries(join(dataDir, "runs", name))).flatMap((entry) => {
    const number = Number(/^round-(\d+)$/.exec(entry)?.[1] ?? NaN);
    return Number.isNaN(number) ? [] : [number];
  });
  const wanted = round ?? Math.max(...rounds);
  if (!rounds.includes(wanted)) throw missing(name, wanted, rounds);
  const folder = roundFolder(dataDir, name, wanted);
  const exported = { run: name, round: wanted, incomplete: await incompleteRoles(folder) };
  checkComplete(exported, options);
  await mkdir(out, { recursive: true });
  await cp(folder, out, { recursive: true });
  return exported;
}

async function incompleteRoles(folder: string): Promise<readonly string[]> {
  const roles = (await adapterMetadata(folder)).get(INCOMPLETE);
  return roles === undefined ? [] : roles.split(" ");
}

/** Refuses what lacks factors, unless zeros may stand for them. */
function checkComplete({ run, round, incomplete }: Exported, { coldStart }: ExportOptions): void {
  if (incomplete.length === 0 || coldStart !== undefined) return;
  const message =
    `Cannot export round ${round} of run "${run}" as a whole: ${lackText(incomplete)}; ` +
    `--cold-start zero exports it as it is`;
  throw new FedtuneError("adapter-invalid", message, { data: { run, round, incomplete } });
}

function missing(run: string, round: number, rounds: readonly number[]): FedtuneError {
  const has =
    rounds.length === 0
      ? "no finished round"
      : `rounds ${[...rounds].sort((a, b) => a - b).join(", ")}`;
  return new FedtuneError(
    "file-missing",
    `Cannot export round ${round} of run "${run}": it has ${has}`,
    { data: { run, round, rounds } },
  );
}

async function entries(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    throw new FedtuneError("file-missing", `Cannot find runs in ${folder}`, {
      data: { folder },
      cause,
    });
  }
}

async function onlyEntry(folder: string): Promise<string> {
  const names = await entries(folder);
  const [only, ...others] = names;
  if (only !== undefined && others.length === 0) return only;
  throw new FedtuneError(
    "usage",
    `Cannot tell which run to export: there are ${names.join(", ") || "none"}; name one with --run`,
    { data: { runs: names } },
  );
}

const runList = z.object({ runs: z.array(z.object({ id: z.string().regex(idPattern) })) });
const runState = z.object({
  history: z.object({
    run: z.object({ config: z.record(z.string(), z.unknown()) }),
    rounds: z.array(z.object({ round: z.int() })),
  }),
});

/** Fetches the values from a coordinator and writes PEFT's files here. */
async function fromServer(
  options: ExportOptions,
  server: string,
  signal: AbortSignal,
): Promise<Exported> {
  const { run, round: asked, out, model: folder } = options;
  const name = run ?? (await onlyRun(server, signal));
  const { history } = parsed(runState, await getJson(`${server}/api/runs/${name}`, signal));
  const resolved = resolveRun(history.run.config, registries, nodeHash);
  const rounds = history.rounds.map((row) => row.round);
  const round = asked ?? Math.max(...rounds);
  if (!rounds.includes(round)) throw missing(name, round, rounds);
  const incomplete = lacksOf(resolved);
  const exported = { run: name, round, incomplete };
  checkComplete(exported, options);
  const values = await adapterValues(`${server}/api/runs/${name}/rounds/${round}/adapter`, signal);
  const model = await openBaseModel(folder ?? resolved.config.model);
  const description = model.describe(resolved.config);
  const takenOut = await takenOutOf(model, resolved);
  await saveAdapter(out, { description, values, resolved, round, takenOut });
  return exported;
}

async function onlyRun(server: string, signal: AbortSignal): Promise<string> {
  const { runs } = parsed(runList, await getJson(`${server}/api/runs`, signal));
  const [only, ...others] = runs;
  if (only !== undefined && others.length === 0) return only.id;
  const names = runs.map(({ id }) => id);
  throw new FedtuneError(
    "usage",
    `Cannot tell which run to export: the coordinator has ${names.join(", ") || "none"}; name one with --run`,
    { data: { runs: names } },
  );
}

async function adapterValues(url: string, signal: AbortSignal): Promise<Float32Array> {
  const response = await get(url, signal);
  const bytes = new Uint8Array(await response.arrayBuffer());
  const announced = response.headers.get("x-fedtune-hash") ?? "";
  if (
    !digestPattern.test(announced) ||
    nodeHash.sha256(bytes) !== announced ||
    bytes.length % 4 !== 0
  ) {
    throw new FedtuneError("blob-corrupt", `Cannot use ${url}: its bytes do not match their hash`);
  }
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}

async function getJson(url: string, signal: AbortSignal): Promise<unknown> {
  return (await get(url, signal)).json();
}

async function get(url: string, signal: AbortSignal): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]) });
  } catch (cause) {
    throw new FedtuneError("transport-closed", `Cannot reach the coordinator at ${url}`, {
      data: { url },
      cause,
    });
  }
  if (response.ok) return response;
  const text = await response.text();
  throw new FedtuneError(
    "run-unknown",
    `Cannot read ${url}: the coordinator answered ${response.status}: ${text.slice(0, 300)}`,
    { data: { url, status: response.status } },
  );
}

function parsed<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  return parseInput(schema, value, { what: "the coordinator's answer", code: "message-invalid" });
}
