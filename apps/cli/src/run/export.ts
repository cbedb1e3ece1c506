import { FedtuneError } from "@fedtune/core";
import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Io } from "../io.ts";
import { adapterMetadata, INCOMPLETE, roundFolder } from "./adapter-folder.ts";
import { lackText, savedText } from "./report-text.ts";

/** What `fedtune export` was asked for. */
export interface ExportOptions {
  readonly out: string;
  readonly run?: string | undefined;
  readonly round?: number | undefined;
  readonly dataDir: string;
  readonly coldStart?: string | undefined;
}

/** Copies an adapter that a coordinator saved in its folder. */
export async function runExport(options: ExportOptions, io: Io): Promise<undefined> {
  const { out, dataDir } = options;
  const { run, round, incomplete } = await fromFolder(options, dataDir);
  io.result(
    { run, round, adapter: out, incomplete },
    () => `Run "${run}" after round ${round}\n${savedText(out, incomplete)}`,
  );
  return undefined;
}

interface Exported {
  readonly run: string;
  readonly round: number;
  /** What it lacks. */
  readonly incomplete: readonly string[];
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
