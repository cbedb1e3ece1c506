/** Results of `fedtune simulate`, read from its files or from what it prints with `--json`. */
import { FedtuneError, parseInput } from "@fedtune/core";
import { z } from "zod";
import type { ConfigJson } from "../../compare/model/config-diff.ts";
import type { RoundFigures } from "../../run/model/round-figures.ts";
import { settingsOf } from "../../run/model/settings.ts";
import type { RunSettings } from "../../run/model/settings.ts";

const numbers = z.record(z.string(), z.number().nullable());
const count = z.int().min(0);

const reportRow = z.object({
  round: count,
  evaluation: numbers.nullable(),
  training: numbers.nullable(),
  method: numbers.default({}),
  aggregationError: z
    .object({
      total: z.number().nullable(),
      reason: z.string().nullable(),
      standardError: z.number().nullable().default(null),
      modules: numbers.default({}),
    })
    .nullable(),
  sampled: count,
  accepted: count,
  refusals: z.record(z.string(), count).default({}),
  declined: count.default(0),
  gone: count.default(0),
  bytesUp: count,
  bytesDown: count,
  evaluationTraffic: z.object({ bytesUp: count, bytesDown: count }).nullable().default(null),
  seconds: z.number(),
  epsilon: z.number().nullable().default(null),
});

type ReportRow = z.output<typeof reportRow>;

/** What `fedtune simulate --json` prints at its end. */
const summary = z.object({
  run: z.string(),
  configHash: z.string(),
  status: z.string().optional(),
  rounds: z.array(reportRow),
});

/** A simulated run. */
export interface Simulation {
  /** Made of its content: the same files are the same simulation. */
  readonly id: string;
  readonly name: string;
  readonly config: ConfigJson;
  readonly configHash: string | null;
  readonly settings: RunSettings;
  readonly rows: readonly RoundFigures[];
  /** Milliseconds since 1970. */
  readonly addedAtMs: number;
}

/** A simulation before it is kept. */
export type ReadSimulation = Omit<Simulation, "id" | "addedAtMs">;

/** A file that was dropped or chosen. */
export interface NamedText {
  /** With its folders. */
  readonly path: string;
  readonly text: string;
}

function figuresOf(row: ReportRow): RoundFigures {
  const { evaluationTraffic: asked, bytesUp, bytesDown, ...others } = row;
  const first = row.round === 0;
  return {
    ...others,
    ...{ attempt: first ? null : 1, adapter: null },
    sampled: first ? null : row.sampled,
    accepted: first ? null : row.accepted,
    seconds: first ? null : row.seconds,
    bytesUp: bytesUp + (asked?.bytesUp ?? 0),
    bytesDown: bytesDown + (asked?.bytesDown ?? 0),
  };
}

function parsedJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new FedtuneError("data-invalid", `Cannot read ${path}: it is not JSON`, { cause });
  }
}

const what = (path: string): { readonly what: string; readonly code: "data-invalid" } => ({
  ...{ what: path, code: "data-invalid" },
});

function rowsOf({ path, text }: NamedText): readonly RoundFigures[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const rows = lines.map((line, at) => {
    const place = `${path}, line ${at + 1}`;
    return figuresOf(parseInput(reportRow, parsedJson(line, place), what(place)));
  });
  return rows.toSorted((a, b) => a.round - b.round);
}

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const looseConfig = z.looseObject({ name: z.string().default("simulation") });

/** A folder that `--out` wrote: its rounds, and its config where it is there. */
function fromFolder(rounds: NamedText, config: NamedText | undefined): ReadSimulation {
  const folder = nameOf(folderOf(rounds.path).replace(/\/$/, ""));
  const parsed =
    config === undefined
      ? {}
      : parseInput(looseConfig, parsedJson(config.text, config.path), what(config.path));
  const settings = settingsOf(parsed);
  const rows = rowsOf(rounds);
  if (rows.length === 0)
    throw new FedtuneError("data-invalid", `Cannot read ${rounds.path}: it has no round`);
  const name = folder === "" ? settings.name : folder;
  return { name, config: parsed, configHash: null, settings, rows };
}

function fromSummary({ path, text }: NamedText): ReadSimulation {
  const { run, configHash, rounds } = parseInput(summary, parsedJson(text, path), what(path));
  const rows = rounds.map(figuresOf);
  const config = { name: run };
  return { name: run, config, configHash, settings: settingsOf(config), rows };
}

/** Names under which files of `--out` are found. */
const roundsFile = "rounds.jsonl";
const configFile = "config.json";

/**
 * The simulations in some files: a folder of `--out` for each `rounds.jsonl`, and summaries of `--json`. Other files of such a
 * folder are left alone.
 *
 * @throws FedtuneError `data-invalid` naming the file and what was wanted
 */
export function readSimulations(files: readonly NamedText[]): readonly ReadSimulation[] {
  const folders = files.filter(({ path }) => nameOf(path) === roundsFile);
  const taken = new Set(folders.map(({ path }) => folderOf(path)));
  const found = folders.map((rounds) => {
    const folder = folderOf(rounds.path);
    return fromFolder(
      rounds,
      files.find(({ path }) => path === folder + configFile),
    );
  });
  const summaries = files.filter(
    ({ path }) => path.endsWith(".json") && !taken.has(folderOf(path)),
  );
  const all = [...found, ...summaries.map(fromSummary)];
  if (all.length > 0) return all;
  const message = `Cannot find a simulation: wanted the folder that fedtune simulate --out wrote, with ${roundsFile} in it, or what it prints with --json`;
  throw new FedtuneError("data-invalid", message, {
    data: { files: files.map(({ path }) => path) },
  });
}

/** Files that a simulation may be in; others, such as the adapter beside it, are not even read. */
export const isSimulationFile = (path: string): boolean =>
  nameOf(path) === roundsFile || /^[^/]*\.json$|(^|\/)config\.json$/.test(path);
