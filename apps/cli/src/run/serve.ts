import { resolveRun, lacksOf } from "@fedtune/core";
import type { ResolvedRun } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import type { ExampleData } from "@fedtune/training";
import { readSettings } from "@fedtune/server";
import type { ServerSettings } from "@fedtune/server";
import { loadConfig, withPlaces } from "../config/load.ts";
import type { ConfigSource } from "../config/load.ts";
import { readConfigFile } from "../config/yaml-file.ts";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import type { Assignment } from "../values.ts";
import { openBaseModel, settledBy } from "./base-model.ts";
import { checkExamples } from "./check-data.ts";
import { dataPath } from "./data-path.ts";
import { dataReference, labelsOf } from "./data-reference.ts";
import type { DataOptions } from "./data-reference.ts";
import { evaluationLabel } from "./evaluation-label.ts";
import { runText } from "./report-text.ts";
import { startListening, startServing } from "./serving.ts";
import { registries } from "./registries.ts";

/** What `fedtune serve` was asked for. */
export interface ServeOptions extends DataOptions {
  /** Absent: every run of the database. */
  readonly config?: string | undefined;
  readonly settings?: string | undefined;
  readonly set?: readonly Assignment[] | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly dataDir?: string | undefined;
  readonly databaseUrl?: string | undefined;
  readonly blobUrl?: string | undefined;
  readonly relayUrl?: string | undefined;
  readonly openEnrolment?: boolean | undefined;
  /** False: no pages. */
  readonly pages?: boolean | undefined;
  readonly logLevel?: string | undefined;
  readonly data?: string | undefined;
  readonly backend?: string | undefined;
  readonly method?: string | undefined;
  readonly model?: string | undefined;
  readonly rounds?: number | undefined;
  readonly seed?: number | undefined;
}

/** Variables of ours that are no settings of a server. */
const otherVariables = [
  ...["FEDTUNE_ADMIN_PASSWORD", "FEDTUNE_DEBUG", "FEDTUNE_ENROLMENT_TOKEN", "FEDTUNE_TOKEN"],
];

/** Serves one run until it ends, or all runs of a database until it is told to leave. */
export async function runServe(options: ServeOptions, io: Io): Promise<number> {
  const settings = await settingsOf(options);
  return options.config === undefined
    ? serveAll(settings, io)
    : serveOne({ ...options, config: options.config, settings }, io);
}

async function settingsOf(options: ServeOptions): Promise<ServerSettings> {
  return readSettings({
    file: options.settings === undefined ? null : await readConfigFile(options.settings),
    environment: process.env,
    otherVariables,
    flags: {
      "--host": ["host", options.host],
      "--port": ["port", options.port],
      "--data-dir": ["dataDir", options.dataDir],
      "--database-url": ["databaseUrl", options.databaseUrl],
      "--blob-url": ["blobUrl", options.blobUrl],
      "--relay-url": ["relayUrl", options.relayUrl],
      "--open-enrolment": ["openEnrolment", options.openEnrolment],
      "--no-pages": ["pages", options.pages === false ? false : undefined],
      "--log-level": ["logLevel", options.logLevel],
    },
  });
}

/** Stays until it is interrupted; runs come through the API. */
async function serveAll(settings: ServerSettings, io: Io): Promise<number> {
  const listening = await startListening(settings, { servesAll: true }, io);
  const { url } = listening.process.server.address;
  const dashboard = listening.hasPages ? listening.url : null;
  io.event({ event: "listening", url, run: null, dashboard });
  io.note(
    `Serving all runs of the database at ${url}; make one with: fedtune run create --config FILE`,
  );
  if (dashboard !== null) io.note(`Dashboard: ${dashboard}`);
  try {
    await new Promise<void>((resolve) => {
      if (io.signal.aborted) resolve();
      io.signal.addEventListener(
        "abort",
        () => {
          resolve();
        },
        { once: true },
      );
    });
  } finally {
    await listening.close();
  }
  io.result(
    { url, runs: "left as they are" },
    () => "Left in good order; the runs stay as they are",
  );
  return exitCodes.ok;
}

interface ServeOne extends Omit<ServeOptions, "settings"> {
  readonly config: string;
  readonly settings: ServerSettings;
}

async function serveOne({ settings, ...options }: ServeOne, io: Io): Promise<number> {
  const { method, model, rounds, seed, backend } = options;
  const source = await loadConfig({
    file: options.config,
    flags: {
      "--method": ["method.name", method],
      "--model": ["model", model],
      "--rounds": ["rounds.numRounds", rounds],
      "--seed": ["seed", seed],
    },
    set: options.set,
  });
  const test =
    options.data === undefined ? null : dataReference(dataPath(options.data, "test"), options);
  const resolved = await resolveServed(source, test, io);
  if (test !== null) await checkExamples(test, resolved.config.task);
  // The terminal shows the run; the log would show it again.
  const quiet =
    options.logLevel === undefined ? { ...settings, logLevel: "silent" as const } : settings;
  const compute = { backend };
  const serving = { settings: quiet, resolved, test, compute, interrupt: "leave" } as const;
  const served = await startServing(serving, io);
  const { url, dashboard, joinLink } = served;
  const { config } = resolved;
  io.event({ event: "listening", url, run: config.name, dashboard, joinLink });
  io.note(
    `Run "${config.name}" (${String(config.method["name"])}, ${config.rounds.numRounds} rounds) at ${url}`,
  );
  if (dashboard !== null) io.note(`Dashboard: ${dashboard}`);
  io.note(
    served.isOpen
      ? `Join link: ${joinLink}, or: fedtune join --server ${url} --name NAME --data FILE`
      : `Join link, good for a day: ${joinLink}`,
  );
  const { end, rows, adapter, privacy } = await served.run().finally(() => served.close());
  const incomplete = lacksOf(resolved);
  io.result({ run: config.name, ...end, rounds: rows, adapter, privacy, incomplete }, () =>
    runText({ rows, label: evaluationLabel(resolved), adapter, incomplete, privacy, end }),
  );
  return end.status === "completed" ? exitCodes.ok : exitCodes.failure;
}

/** The run config; a task without labels takes those of the operator's test data, and the base model settles the rest. */
async function resolveServed(
  source: ConfigSource,
  test: ExampleData | null,
  io: Io,
): Promise<ResolvedRun> {
  const task = source.value["task"] ?? (test === null ? undefined : await taskOf(test));
  const resolve = (value: unknown) =>
    withPlaces(source, () => resolveRun(value, registries, nodeHash));
  const whole = task === undefined ? source.value : { ...source.value, task };
  const { config } = resolve(whole);
  return resolve(settledBy(whole, await openBaseModel(config.model, io)));
}

async function taskOf(test: ExampleData): Promise<unknown> {
  const kind = test.kind === "images" ? "image-classification" : "sequence-classification";
  return { kind, labels: await labelsOf(test) };
}
