/** An experiment made ready: every cell resolves, and is known by its hash, before anything is played. */
import { inputError, isFedtuneError, parseInput } from "@fedtune/core";
import type { InputIssue } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { cellHash, cellName, expandExperiment, experimentSchema } from "@fedtune/simulation";
import type { Cell, Experiment, ExperimentRecord, PlannedCell } from "@fedtune/simulation";
import { withPlaces } from "../config/load.ts";
import type { ConfigSource } from "../config/load.ts";
import { draftSimulation, rememberingReader } from "../run/prepare-simulation.ts";
import type { DraftSimulation } from "../run/prepare-simulation.ts";
import { version } from "../version.ts";
import type { Engine } from "./engine.ts";
import { engineOf } from "./engine.ts";
import { openFileHashes } from "./file-hashes.ts";
import type { FileHashes } from "./file-hashes.ts";

/** What is to be played, in order. */
export interface ExperimentPlan {
  readonly experiment: Experiment;
  readonly version: string;
  readonly engine: Engine;
  /** What to type to repeat it. */
  readonly command: string;
  readonly cells: readonly Cell[];
}

/** How an experiment is played, as far as its results know. */
export interface PlanOptions {
  readonly backend?: string | undefined;
  readonly command: string;
}

/**
 * Parses an experiment, expands it, and resolves each cell.
 *
 * @throws FedtuneError `config-invalid`, `config-conflict` with the place of what is wrong and the first cell that has
 * it; of data and base model `file-missing`, `data-invalid`, `model-invalid`; `backend-unavailable`
 */
export async function planExperiment(
  source: ConfigSource,
  { backend, command }: PlanOptions,
): Promise<ExperimentPlan> {
  const what = "the experiment";
  const experiment = withPlaces(source, (value) => parseInput(experimentSchema, value, { what }));
  const planned = withPlaces(source, () => expandExperiment(experiment));
  const drafts = await draftsOf(planned, experiment, source);
  const engine = await engineOf(backend);
  const hashes = openFileHashes();
  const cells: Cell[] = [];
  for (const { cell, draft } of drafts)
    cells.push({ hash: await hashOf(draft, engine, hashes), ...cell });
  refuseTwins(cells);
  return { experiment, version: version(), engine, command, cells };
}

/** What a plan leaves on disk. */
export function recordOf({ engine, cells, ...plan }: ExperimentPlan): ExperimentRecord {
  const { experiment, version: played, command } = plan;
  return {
    experiment,
    version: played,
    engine: engine.text,
    command,
    cells: cells.map(({ config: _config, ...cell }) => cell),
  };
}

interface DraftCell {
  readonly cell: PlannedCell;
  readonly draft: DraftSimulation;
}

/** Resolves every cell; what is wrong with any is said at once. */
async function draftsOf(
  planned: readonly PlannedCell[],
  experiment: Experiment,
  source: ConfigSource,
): Promise<readonly DraftCell[]> {
  const reader = rememberingReader();
  const drafts: DraftCell[] = [];
  const wrong = new Map<
    string,
    { readonly issue: InputIssue; readonly cell: PlannedCell; cells: number }
  >();
  for (const cell of planned) {
    try {
      const draft = await draftSimulation({ value: cell.config, place: () => null }, reader);
      drafts.push({ cell, draft });
    } catch (error) {
      for (const issue of issuesOf(error)) {
        const key = JSON.stringify([issue.field, issue.value, issue.wanted]);
        const before = wrong.get(key);
        if (before === undefined) wrong.set(key, { issue, cell, cells: 1 });
        else before.cells += 1;
      }
    }
  }
  if (wrong.size === 0) return drafts;
  const issues = [...wrong.values()].map(({ issue, cell, cells }) => {
    const more = cells === 1 ? "" : ` and ${cells - 1} more`;
    const path = pathOf(issue.field, cell, experiment);
    const place = source.place(path);
    const located = {
      ...issue,
      field: path.join("."),
      wanted: `${issue.wanted} (in the cell ${cellName(cell)}${more})`,
    };
    return place === null ? located : { ...located, place };
  });
  throw inputError(issues, { what: "the experiment", code: "config-conflict" });
}

/** What an error says of fields; one that says nothing of them is no matter of the config. */
function issuesOf(error: unknown): readonly InputIssue[] {
  const issues = isFedtuneError(error) ? error.data["issues"] : null;
  if (Array.isArray(issues)) return issues as readonly InputIssue[];
  throw error;
}

/** Where the experiment's file sets a field of a cell's config. */
function pathOf(
  field: string,
  { variant, settings }: PlannedCell,
  { variants, grid }: Experiment,
): string[] {
  const set = Object.keys(settings).find((key) => field === key || field.startsWith(`${key}.`));
  if (set === undefined) return ["base", ...field.split(".")];
  if (Object.hasOwn(grid, set)) return ["grid", set];
  const index = variants.findIndex(({ name }) => name === variant);
  return ["variants", String(index), "set", set];
}

/**
 * The hash that a cell has with this machine's files and version.
 *
 * @throws FedtuneError as planning does
 */
export async function cellIdentity(
  { config }: Pick<Cell, "config">,
  engine: Engine,
  hashes: FileHashes,
): Promise<string> {
  const source = { value: config, place: () => null };
  return hashOf(await draftSimulation(source, rememberingReader()), engine, hashes);
}

async function hashOf(
  { resolved: { config }, simulation, files, model }: DraftSimulation,
  engine: Engine,
  hashes: FileHashes,
): Promise<string> {
  const identity = {
    run: config,
    simulation,
    files: {
      data: await hashes.of(files.data),
      test: files.test === null ? null : await hashes.of(files.test),
      trace: files.trace === null ? null : await hashes.of(files.trace),
    },
    model: await hashes.of(model.folder),
    engine: engine.text,
    version: version(),
  };
  return cellHash(identity, nodeHash);
}

/** Cells whose files differ and whose runs do not. */
function refuseTwins(cells: readonly Cell[]): void {
  const seen = new Map<string, Cell>();
  for (const cell of cells) {
    const twin = seen.get(cell.hash);
    if (twin !== undefined) {
      const wanted = `another run than that of ${cellName(twin)}`;
      const issues = [{ field: cellName(cell), value: cell.settings, wanted }];
      throw inputError(issues, { what: "the experiment", code: "config-conflict" });
    }
    seen.set(cell.hash, cell);
  }
}
