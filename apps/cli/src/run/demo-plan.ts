/** What the demo trains: its data dealt into one file per client, and its run config. */
import { FedtuneError, resolveRun, rngFromSeed } from "@fedtune/core";
import type { ResolvedRun } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { partition } from "@fedtune/simulation";
import { discoverLabels, fileData, formatOf, readRows } from "@fedtune/training";
import type { FileData } from "@fedtune/training";
import { householdFile, nodeFiles } from "@fedtune/training/node";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { registries } from "./registries.ts";
import type { ComputeOptions } from "./trainers.ts";

/** What `fedtune demo` was asked for. */
export interface DemoOptions extends ComputeOptions {
  readonly rounds?: number | undefined;
  readonly clients?: number | undefined;
  readonly method?: string | undefined;
  readonly model?: string | undefined;
  readonly data?: string | undefined;
  readonly test?: string | undefined;
  readonly text?: string | undefined;
  readonly label?: string | undefined;
  readonly out: string;
  readonly simulate?: true | undefined;
  /** False: no pages. */
  readonly pages?: boolean | undefined;
}

/** One data holder of the demo. */
export interface DemoClient {
  readonly name: string;
  readonly file: string;
  readonly rows: number;
  /** The part of the test data that is like this client's; null when the data does not say. */
  readonly test: FileData | null;
}

/** A demo ready to run. */
export interface DemoPlan {
  readonly folder: string;
  readonly clients: readonly DemoClient[];
  readonly test: FileData;
  /** As a user would write it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly resolved: ResolvedRun;
}

interface Row {
  readonly text: string;
  readonly label: string;
  readonly client: string;
}

const SEED = 7;
const ROUNDS = 8;
const CLIENTS = 4;

/**
 * Deals the data into the demo's folder, which is emptied before if a demo made it.
 *
 * The built-in set has four clients of its own, who say different things in different words; more or fewer clients,
 * or another data set, are dealt at random.
 */
export async function planDemo(options: DemoOptions): Promise<DemoPlan> {
  const folder = resolve(options.out);
  const source = sourceOf(options);
  const train = await readAll(source.train);
  const labels = await discoverLabels(nodeFiles, source.train);
  const dealt = dealRows(train, {
    clients: options.clients ?? null,
    own: source.ownClients,
    holdOut: source.test === null,
  });
  const names = dealt.clients.map(({ name }) => name);
  const config = demoConfig(options, labels, names);
  // Refused before an earlier demo's results are gone.
  const resolved = resolveRun(config, registries, nodeHash);
  await emptyFolder(folder);
  const test = source.test ?? (await writeRows(join(folder, "test.jsonl"), dealt.test));
  const clients = await Promise.all(
    dealt.clients.map(async ({ name, rows, own }): Promise<DemoClient> => {
      const { path } = await writeRows(join(folder, "clients", `${name}.jsonl`), rows);
      const part =
        own === null ? null : fileData({ ...test, where: { column: "client", equals: own } });
      return { name, file: path, rows: rows.length, test: part };
    }),
  );
  return { folder, clients, test, config, resolved };
}

/** A file that tells a demo's folder from any other. */
const MARK = ".fedtune-demo";

/** Makes the folder, or empties it when a demo made it; never touches another one that holds anything. */
async function emptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const entries = await readdir(folder);
  if (entries.length > 0 && !entries.includes(MARK)) {
    const message = `Cannot use ${folder} for the demo: it holds other files; name a new folder with --out`;
    throw new FedtuneError("usage", message, { data: { folder } });
  }
  await rm(folder, { recursive: true });
  await mkdir(join(folder, "clients"), { recursive: true });
  await writeFile(join(folder, MARK), "Made by fedtune demo; the next demo empties this folder.\n");
}

function demoConfig(
  options: DemoOptions,
  labels: readonly string[],
  clients: readonly string[],
): Record<string, unknown> {
  return {
    name: "demo",
    seed: SEED,
    model: options.model ?? "fedtune-mini",
    task: { kind: "sequence-classification", labels },
    method: { name: options.method ?? "fedavg" },
    adapter: { rank: 8, loraAlpha: 16, targetModules: ["all-linear"] },
    training: { localEpochs: 1, batchSize: 16, learningRate: 3e-3, maxLength: 48 },
    rounds: {
      numRounds: options.rounds ?? ROUNDS,
      minAvailableClients: clients.length,
      minFitClients: Math.min(2, clients.length),
      waitTimeoutMs: 120_000,
      roundTimeoutMs: 600_000,
    },
    participants: clients,
  };
}

interface Source {
  readonly train: FileData;
  readonly test: FileData | null;
  /** Whether the data has clients of its own. */
  readonly ownClients: boolean;
}

function sourceOf({ data, test, text = "text", label = "label", clients }: DemoOptions): Source {
  const file = (path: string): FileData => fileData({ kind: "file", path, text, label });
  if (data === undefined) {
    const ownClients = clients === undefined || clients === CLIENTS;
    return {
      train: file(householdFile("train.tsv")),
      test: file(householdFile("test.tsv")),
      ownClients,
    };
  }
  return {
    train: file(resolve(data)),
    test: test === undefined ? null : file(resolve(test)),
    ownClients: false,
  };
}

interface Dealt {
  readonly clients: readonly {
    readonly name: string;
    readonly rows: readonly Row[];
    readonly own: string | null;
  }[];
  readonly test: readonly Row[];
}

function dealRows(
  rows: readonly Row[],
  how: { clients: number | null; own: boolean; holdOut: boolean },
): Dealt {
  const rng = rngFromSeed(SEED).fork("demo");
  if (how.own) {
    const names = [...new Set(rows.map((row) => row.client))].sort();
    const clients = names.map((own) => ({
      name: `client-${own}`,
      own,
      rows: rows.filter((row) => row.client === own),
    }));
    return { clients, test: [] };
  }
  const order = rng.shuffle([...rows]);
  const held = how.holdOut ? Math.floor(order.length / 5) : 0;
  const test = order.slice(0, held);
  const train = order.slice(held);
  const count = how.clients ?? CLIENTS;
  if (train.length < count * 2 || (how.holdOut && held === 0)) {
    throw new FedtuneError(
      "data-invalid",
      `Cannot deal ${rows.length} rows to ${count} clients and a test set: too few`,
    );
  }
  const shares = partition(
    { labels: train.map(() => 0) },
    { config: { scheme: "iid", minExamplesPerClient: 1 }, clients: count, rng },
  );
  const clients = shares.clients.map((indices, k) => ({
    name: `client-${k}`,
    own: null,
    rows: indices.flatMap((index) => train[index] ?? []),
  }));
  return { clients, test };
}

async function readAll(data: FileData): Promise<Row[]> {
  const hasClients = data.path === householdFile("train.tsv");
  const columns = [data.text, data.label, ...(hasClients ? ["client"] : [])];
  const rows: Row[] = [];
  for await (const { values } of readRows(nodeFiles.stream(data.path), {
    path: data.path,
    format: formatOf(data),
    columns,
  })) {
    const [text = "", label = "", client = ""] = values;
    rows.push({ text, label, client });
  }
  return rows;
}

async function writeRows(path: string, rows: readonly Row[]): Promise<FileData> {
  await writeFile(
    path,
    rows.map(({ text, label }) => `${JSON.stringify({ text, label })}\n`).join(""),
  );
  return fileData({ kind: "file", path, text: "text", label: "label" });
}
