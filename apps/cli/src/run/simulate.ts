import {
  inputError,
  parseInput,
  resolveRun,
  rngFromSeed,
  describePlan,
  lacksOf,
} from "@fedtune/core";
import type { ResolvedRun, TrainControl, Trainer } from "@fedtune/core";
import { runGuarantee } from "@fedtune/dp";
import { nodeEntropy, nodeHash } from "@fedtune/node-ports";
import {
  populate,
  reportRows,
  simulate,
  simulationData,
  simulationLabels,
  simulationSchema,
} from "@fedtune/simulation";
import type {
  Population,
  SimulatedClient,
  SimulationConfig,
  SimulationResult,
} from "@fedtune/simulation";
import type { FileData } from "@fedtune/training";
import { nodeFiles } from "@fedtune/training/node";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig, withPlaces } from "../config/load.ts";
import type { ConfigSource } from "../config/load.ts";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import type { Assignment } from "../values.ts";
import { saveAdapter } from "./adapter-folder.ts";
import { openBaseModel, takenOutOf } from "./base-model.ts";
import type { BaseModel } from "./base-model.ts";
import { checkExamples } from "./check-data.ts";
import { dataPath } from "./data-path.ts";
import { centralEvaluation } from "./evaluation.ts";
import { liveReport } from "./live-report.ts";
import { evaluationLabel, sharePersonalText, unusedTestText } from "./evaluation-label.ts";
import { runText } from "./report-text.ts";
import { openTrainers } from "./trainers.ts";
import { registries } from "./registries.ts";

/** What `fedtune simulate` was asked for. */
export interface SimulateOptions {
  readonly config?: string | undefined;
  readonly set?: readonly Assignment[] | undefined;
  readonly out?: string | undefined;
  readonly data?: string | undefined;
  readonly test?: string | undefined;
  readonly text?: string | undefined;
  readonly textPair?: string | undefined;
  readonly label?: string | undefined;
  readonly clients?: number | undefined;
  readonly partition?: string | undefined;
  readonly column?: string | undefined;
  readonly alpha?: number | undefined;
  readonly model?: string | undefined;
  readonly method?: string | undefined;
  readonly rounds?: number | undefined;
  readonly seed?: number | undefined;
  readonly backend?: string | undefined;
  readonly workers: number;
}

/** The config with what the options say over it; `value.simulation` is the simulation's own section. */
function simulationConfig(options: SimulateOptions): Promise<ConfigSource> {
  return loadConfig({
    file: options.config,
    set: options.set,
    flags: {
      "--data": ["simulation.data", options.data],
      "--test": ["simulation.test", options.test],
      "--text": ["simulation.text", options.text],
      "--text-pair": ["simulation.textPair", options.textPair],
      "--label": ["simulation.label", options.label],
      "--clients": ["simulation.clients", options.clients],
      "--partition": ["simulation.partition.scheme", options.partition],
      "--column": ["simulation.partition.column", options.column],
      "--alpha": ["simulation.partition.alpha", options.alpha],
      "--model": ["model", options.model],
      "--method": ["method.name", options.method],
      "--rounds": ["rounds.numRounds", options.rounds],
      "--seed": ["seed", options.seed],
    },
  });
}

/** A simulation that is ready to run. */
export interface PreparedSimulation {
  readonly simulation: SimulationConfig;
  /** The run config as it goes to the engine: with labels, and a round needing every client unless it says otherwise. */
  readonly run: Readonly<Record<string, unknown>>;
  readonly resolved: ResolvedRun;
  readonly population: Population;
  /** Test data; null: no central evaluation. */
  readonly test: FileData | null;
  readonly model: BaseModel;
}

/** Simulates a run; with `out`, writes per-round metrics, the final adapter and the resolved config there. */
export async function runSimulate(options: SimulateOptions, io: Io): Promise<number> {
  const prepared = await prepareSimulation(await simulationConfig(options));
  const { simulation, resolved, population, model } = prepared;
  io.note(
    `${String(resolved.config.method["name"])} over ${population.clients.length} clients, ${population.shares.rows} rows, base model ${model.name}`,
  );
  const { sharePersonal } = simulation;
  const label = evaluationLabel(resolved, sharePersonal);
  if (sharePersonal) io.note(sharePersonalText);
  const unused = prepared.test === null ? null : unusedTestText(resolved);
  if (unused !== null) io.note(unused);
  const clients = population.clients;
  const result = await simulateOnce({ ...prepared, clients, sharePersonal }, io, {
    backend: options.backend,
    workers: options.workers,
    finish: (played) => Promise.resolve(played.result),
  });
  const rows = reportRows(result.history, resolved.config);
  const privacy = runGuarantee(resolved.config, result.history.rounds.length);
  const adapter =
    options.out === undefined ? null : await writeResults(options.out, prepared, result);
  const summary = {
    run: resolved.config.name,
    configHash: resolved.hash,
    ...result.end,
    data: simulation.data,
    sharePersonal,
    shares: population.shares,
    rounds: rows,
    adapter,
    privacy,
  };
  const incomplete = lacksOf(resolved);
  io.result({ ...summary, incomplete }, () =>
    [
      runText({ rows, label, adapter, incomplete, privacy, end: result.end }),
      ...(sharePersonal ? [sharePersonalText] : []),
    ].join("\n\n"),
  );
  return result.end.status === "completed" ? exitCodes.ok : exitCodes.failure;
}

/**
 * Parses the config, reads the data, and deals it.
 *
 * @throws FedtuneError for everything that is wrong before the first round
 */
async function prepareSimulation(source: ConfigSource): Promise<PreparedSimulation> {
  const { simulation: section = {}, ...rest } = source.value;
  const parse = <T>(work: () => T): T => withPlaces(source, work);
  const simulation = parse(() =>
    parseInput(simulationSchema, section, {
      what: "the section `simulation` of the config",
      field: "simulation",
    }),
  );
  const located = { ...simulation, data: dataPath(simulation.data, "train") };
  const task = rest["task"] ?? {
    kind: "sequence-classification",
    labels: await simulationLabels(located, nodeFiles),
  };
  const draft = parse(() => resolveRun({ ...rest, task }, registries, nodeHash));
  const rng = rngFromSeed(draft.config.seed).fork("partition");
  const { labels } = draft.config.task;
  await checkExamples(simulationData(located, located.data), draft.config.task);
  const test =
    simulation.test === null ? null : simulationData(simulation, dataPath(simulation.test, "test"));
  if (test !== null) await checkExamples(test, draft.config.task);
  const population = await populate(located, labels, { files: nodeFiles, rng });
  const run = {
    ...rest,
    task,
    rounds: everyClient(rest["rounds"], population.clients.length),
    participants: population.clients.map(({ name }) => name),
  };
  const resolved = parse(() => resolveRun(run, registries, nodeHash));
  checkSharing(simulation, resolved);
  const model = await openBaseModel(resolved.config.model);
  return { simulation, run, resolved, population, test, model };
}

/** Clients can share only what they keep. */
function checkSharing(
  { sharePersonal }: SimulationConfig,
  { method, methodConfig, config }: ResolvedRun,
) {
  if (!sharePersonal || describePlan(method, { methodConfig, config }).keeps.length > 0) return;
  const wanted = `false with method ${method.name}, whose clients keep no factors of their own`;
  throw inputError([{ field: "simulation.sharePersonal", value: true, wanted }], {
    what: "the run config",
    code: "config-conflict",
  });
}

/** Rounds wait for all simulated clients unless the config says otherwise: nobody is late to a simulation. */
function everyClient(rounds: unknown, clients: number): unknown {
  const given = typeof rounds === "object" && rounds !== null ? rounds : {};
  return { minAvailableClients: clients, minFitClients: Math.min(2, clients), ...given };
}

/** What one simulated run needs. */
export interface SimulationToPlay {
  readonly run: Readonly<Record<string, unknown>>;
  readonly resolved: ResolvedRun;
  readonly clients: readonly SimulatedClient[];
  readonly model: BaseModel;
  /** Test data; null: no central evaluation. */
  readonly test: FileData | null;
  /** Reproduces the released FedSA-LoRA code. */
  readonly sharePersonal?: boolean;
}

/** How it is played; `finish` runs before the trainer is closed, and its result is the outcome. */
export interface PlayOptions<T> {
  readonly backend: string | undefined;
  readonly workers: number;
  readonly finish: (played: {
    readonly result: SimulationResult;
    readonly trainer: Trainer;
  }) => Promise<T>;
}

/** Plays one simulated run with progress. */
export async function simulateOnce<T>(
  { run, resolved, clients, model, test, sharePersonal = false }: SimulationToPlay,
  io: Io,
  { backend: wanted, workers, finish }: PlayOptions<T>,
): Promise<T> {
  const { trainer, backend } = await openTrainers(model, wanted, workers);
  io.note(`Training on ${backend}, ${workers} at a time`);
  const nameOf = (index: number): string => clients[index]?.name ?? `participant ${index}`;
  const about = { resolved, evaluates: test !== null, nameOf, live: false, sharePersonal };
  const report = liveReport(about, io);
  const control: TrainControl = { signal: io.signal };
  try {
    const result = await simulate(run, {
      registries,
      describe: (of) => model.describe(of),
      weights: () => model.weights(),
      clients,
      sharePersonal,
      trainer,
      evaluate:
        test === null ? null : centralEvaluation({ trainer, resolved, data: test, control }),
      hash: nodeHash,
      entropy: nodeEntropy,
      settle: () => new Promise((resolve) => setImmediate(resolve)),
      signal: io.signal,
      listener: report.listener,
      // Here the client that shows why is this process.
      clientListener: ({ name }) => ({
        declined: ({ round, message }) => {
          io.note(`${name} in round ${round}: ${message}`);
        },
      }),
    });
    report.stop();
    return await finish({ result, trainer });
  } finally {
    report.stop();
    await trainer.close();
  }
}

async function writeResults(
  folder: string,
  prepared: PreparedSimulation,
  result: SimulationResult,
): Promise<string> {
  const { resolved, model, simulation } = prepared;
  const { config } = resolved;
  await mkdir(folder, { recursive: true });
  const mark = simulation.sharePersonal ? { sharePersonal: true } : {};
  const rows = reportRows(result.history, config).map((row) => JSON.stringify({ ...row, ...mark }));
  await writeFile(join(folder, "rounds.jsonl"), `${rows.join("\n")}\n`);
  await writeFile(
    join(folder, "config.json"),
    `${JSON.stringify({ ...config, simulation }, null, 2)}\n`,
  );
  await writeFile(
    join(folder, "shares.json"),
    `${JSON.stringify(prepared.population.shares, null, 2)}\n`,
  );
  return saveAdapter(join(folder, "adapter"), {
    description: model.describe(config),
    values: result.adapter,
    resolved,
    round: result.history.rounds.length,
    takenOut: await takenOutOf(model, resolved),
    metadata: simulation.sharePersonal ? { sharePersonal: "true" } : {},
  });
}
