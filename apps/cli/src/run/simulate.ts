import { FedtuneError, lacksOf } from "@fedtune/core";
import type { Trainer } from "@fedtune/core";
import { runGuarantee } from "@fedtune/dp";
import { reportRows } from "@fedtune/simulation";
import type { SimulationResult } from "@fedtune/simulation";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { loadConfig } from "../config/load.ts";
import type { ConfigSource } from "../config/load.ts";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import type { Assignment } from "../values.ts";
import { saveAdapter } from "./adapter-folder.ts";
import { takenOutOf } from "./base-model.ts";
import { cautionMarks, cautions, evaluationLabel, unusedTestText } from "./evaluation-label.ts";
import { liveReport } from "./live-report.ts";
import { playSimulation } from "./play-simulation.ts";
import type { SimulationToPlay } from "./play-simulation.ts";
import { draftSimulation, prepareSimulation } from "./prepare-simulation.ts";
import type { PreparedSimulation } from "./prepare-simulation.ts";
import { runText } from "./report-text.ts";
import { openTrainers, peakMemoryText } from "./trainers.ts";
import type { ComputeOptions } from "./trainers.ts";

/** What `fedtune simulate` was asked for. */
export interface SimulateOptions extends ComputeOptions {
  readonly config?: string | undefined;
  readonly set?: readonly Assignment[] | undefined;
  readonly out?: string | undefined;
  readonly data?: string | undefined;
  readonly test?: string | undefined;
  readonly text?: string | undefined;
  readonly textPair?: string | undefined;
  readonly label?: string | undefined;
  readonly prompt?: string | undefined;
  readonly completion?: string | undefined;
  readonly messages?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly clients?: number | undefined;
  readonly partition?: string | undefined;
  readonly column?: string | undefined;
  readonly alpha?: number | undefined;
  readonly model?: string | undefined;
  readonly method?: string | undefined;
  readonly rounds?: number | undefined;
  readonly seed?: number | undefined;
  readonly workers?: number | undefined;
  /** Only with an experiment. */
  readonly jobs?: number | undefined;
  /** Only with an experiment. */
  readonly queue?: string | undefined;
  readonly resume?: true | undefined;
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
      "--prompt": ["simulation.prompt", options.prompt],
      "--completion": ["simulation.completion", options.completion],
      "--messages": ["simulation.messages", options.messages],
      "--columns": ["simulation.columns", options.columns],
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

/** Simulates a run; with `out`, writes per-round metrics, the final adapter and the resolved config there. */
export async function runSimulate(options: SimulateOptions, io: Io): Promise<number> {
  refuseExperimentOptions(options);
  const draft = await draftSimulation(await simulationConfig(options), undefined, io);
  const prepared = await prepareSimulation(draft);
  const { simulation, resolved, population, model } = prepared;
  io.note(
    `${String(resolved.config.method["name"])} over ${population.clients.length} clients, ${population.shares.rows} rows, base model ${model.name}`,
  );
  const { sharePersonal, noiseCohort } = simulation;
  const label = evaluationLabel(resolved, sharePersonal);
  for (const caution of cautions(simulation)) io.note(caution);
  const unused = prepared.test === null ? null : unusedTestText(resolved);
  if (unused !== null) io.note(unused);
  const { clients, devices } = population;
  const result = await simulateOnce(
    { ...prepared, clients, devices, sharePersonal, noiseCohort },
    io,
    {
      compute: options,
      workers: options.workers ?? 1,
      finish: (played) => Promise.resolve(played.result),
    },
  );
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
    noiseCohort,
    shares: population.shares,
    rounds: rows,
    adapter,
    privacy,
  };
  const incomplete = lacksOf(resolved);
  io.result({ ...summary, incomplete }, () =>
    [
      runText({ rows, label, adapter, incomplete, privacy, end: result.end }),
      ...cautions(simulation),
    ].join("\n\n"),
  );
  return result.end.status === "completed" ? exitCodes.ok : exitCodes.failure;
}

function refuseExperimentOptions({ jobs, queue, resume }: SimulateOptions): void {
  const given = [
    ...(jobs === undefined ? [] : ["--jobs"]),
    ...(queue === undefined ? [] : ["--queue"]),
    ...(resume === true ? ["--resume"] : []),
  ];
  if (given.length === 0) return;
  const message = `Cannot use ${given.join(" and ")} without an experiment: wanted the path of its file`;
  throw new FedtuneError("usage", message, { data: { options: given } });
}

/** How it is played; `finish` runs before the trainer is closed, and its result is the outcome. */
export interface PlayOptions<T> {
  readonly compute: ComputeOptions;
  readonly workers: number;
  readonly finish: (played: {
    readonly result: SimulationResult;
    readonly trainer: Trainer;
  }) => Promise<T>;
}

/** Plays one simulated run with progress, on trainers of its own. */
export async function simulateOnce<T>(
  toPlay: SimulationToPlay,
  io: Io,
  { compute, workers, finish }: PlayOptions<T>,
): Promise<T> {
  const { resolved, clients, model, test, sharePersonal = false } = toPlay;
  const { trainer, backend } = await openTrainers(model, compute, workers);
  io.note(`Training on ${backend}, ${workers} at a time`);
  const nameOf = (index: number): string => clients[index]?.name ?? `participant ${index}`;
  const about = { resolved, evaluates: test !== null, nameOf, live: false, sharePersonal };
  const report = liveReport(about, io);
  try {
    const result = await playSimulation(toPlay, {
      trainer,
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
    io.note(peakMemoryText());
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
  const mark = cautionMarks(simulation);
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
