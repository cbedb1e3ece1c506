/** From a config with its section `simulation` to a run whose clients have their shares of the data. */
import { describePlan, inputError, parseInput, resolveRun, rngFromSeed } from "@fedtune/core";
import type { DataRef, ResolvedRun, TaskSettings } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { populate, simulationData, simulationLabels, simulationSchema } from "@fedtune/simulation";
import type { Population, SimulationConfig } from "@fedtune/simulation";
import { isImagePath } from "@fedtune/training";
import type { ExampleData } from "@fedtune/training";
import { withPlaces } from "../config/load.ts";
import type { ConfigSource } from "../config/load.ts";
import { openBaseModel, settledBy } from "./base-model.ts";
import type { BaseModel, ModelWorld } from "./base-model.ts";
import { checkExamples } from "./check-data.ts";
import { dataPath } from "./data-path.ts";
import { nodeWorld } from "./data-reference.ts";
import { registries } from "./registries.ts";

/** A simulation whose config resolves; of its data only the labels were looked at. */
export interface DraftSimulation {
  readonly source: ConfigSource;
  readonly simulation: SimulationConfig;
  /** Where its data lies. */
  readonly files: {
    readonly data: string;
    readonly test: string | null;
    readonly trace: string | null;
  };
  readonly model: BaseModel;
  /** The run config with its labels, and with what its base model settles. */
  readonly run: Readonly<Record<string, unknown>>;
  readonly resolved: ResolvedRun;
}

/** A simulation that is ready to run. */
export interface PreparedSimulation {
  readonly simulation: SimulationConfig;
  /** The run config as it goes to the engine: with labels, and a round needing every client unless it says otherwise. */
  readonly run: Readonly<Record<string, unknown>>;
  readonly resolved: ResolvedRun;
  readonly population: Population;
  /** Test data; null: no central evaluation. */
  readonly test: (DataRef & ExampleData) | null;
  readonly model: BaseModel;
}

/** What looks at data files; who prepares many simulations remembers what it saw. */
export interface DataReader {
  readonly labels: (config: SimulationConfig) => Promise<readonly string[]>;
  readonly check: (data: ExampleData, task: Pick<TaskSettings, "kind" | "labels">) => Promise<void>;
}

const directReader: DataReader = {
  labels: (config) => simulationLabels(config, nodeWorld),
  check: checkExamples,
};

/** A reader that looks at each file once for each question. */
export function rememberingReader(): DataReader {
  const answers = new Map<string, Promise<unknown>>();
  const once = <T>(question: readonly unknown[], ask: () => Promise<T>): Promise<T> => {
    const key = JSON.stringify(question);
    const known = answers.get(key) as Promise<T> | undefined;
    const answer = known ?? ask();
    answers.set(key, answer);
    return answer;
  };
  return {
    labels: (config) =>
      once(["labels", simulationData(config, config.data)], () => directReader.labels(config)),
    check: (data, { kind, labels }) =>
      once(["check", data, kind, labels], () => directReader.check(data, { kind, labels })),
  };
}

/**
 * Parses the config and resolves it, with the labels of its data where it names none; a base model of a hub is fetched.
 *
 * @throws FedtuneError `config-invalid`, `config-conflict`, of the data `file-missing`, `data-invalid`, and as
 *   `openBaseModel`
 */
export async function draftSimulation(
  source: ConfigSource,
  reader: DataReader = directReader,
  world: ModelWorld | null = null,
): Promise<DraftSimulation> {
  const { simulation: section = {}, ...rest } = source.value;
  const simulation = withPlaces(source, () =>
    parseInput(simulationSchema, section, {
      what: "the section `simulation` of the config",
      field: "simulation",
    }),
  );
  const files = {
    data: dataPath(simulation.data, "train"),
    test: simulation.test === null ? null : dataPath(simulation.test, "test"),
    trace: traceOf(simulation),
  };
  const task = rest["task"] ?? {
    kind: isImagePath(files.data) ? "image-classification" : "sequence-classification",
    labels: await reader.labels({ ...simulation, data: files.data }),
  };
  const resolve = (value: unknown) =>
    withPlaces(source, () => resolveRun(value, registries, nodeHash));
  const draft = resolve({ ...rest, task });
  const model = await openBaseModel(draft.config.model, world);
  const run = settledBy({ ...rest, task }, model);
  return { source, simulation, files, run, model, resolved: resolve(run) };
}

/**
 * Reads the data and deals it.
 *
 * @throws FedtuneError for everything that is wrong before the first round
 */
export async function prepareSimulation(
  { source, simulation, files, run, model, resolved: draft }: DraftSimulation,
  reader: DataReader = directReader,
): Promise<PreparedSimulation> {
  const { task, seed } = draft.config;
  await reader.check(simulationData(simulation, files.data), task);
  const test = files.test === null ? null : simulationData(simulation, files.test);
  if (test !== null) await reader.check(test, task);
  const population = await populate({ ...simulation, data: files.data }, task.labels, {
    ...nodeWorld,
    rng: rngFromSeed(seed).fork("partition"),
  });
  const whole = {
    ...run,
    rounds: everyClient(run["rounds"], population.clients.length, simulation),
    participants: population.clients.map(({ name }) => name),
  };
  const resolved = withPlaces(source, () => resolveRun(whole, registries, nodeHash));
  checkSharing(simulation, resolved);
  return { simulation, run: whole, resolved, population, test, model };
}

function traceOf({ devices }: SimulationConfig): string | null {
  return devices?.availability.kind === "trace" ? devices.availability.path : null;
}

/** Clients can share only what they keep. */
function checkSharing(
  { sharePersonal }: SimulationConfig,
  { method, methodConfig, config }: ResolvedRun,
): void {
  if (!sharePersonal || describePlan(method, { methodConfig, config }).keeps.length > 0) return;
  const wanted = `false with method ${method.name}, whose clients keep no factors of their own`;
  throw inputError([{ field: "simulation.sharePersonal", value: true, wanted }], {
    what: "the run config",
    code: "config-conflict",
  });
}

/**
 * Rounds wait for all simulated clients unless the config says otherwise: nobody is late to a simulation, but where its
 * devices come and go.
 */
function everyClient(rounds: unknown, clients: number, { devices }: SimulationConfig): unknown {
  const given = typeof rounds === "object" && rounds !== null ? rounds : {};
  const few = Math.min(2, clients);
  const isAlways = (devices?.availability.kind ?? "always") === "always";
  return { minAvailableClients: isAlways ? clients : few, minFitClients: few, ...given };
}
