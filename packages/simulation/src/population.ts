/** Simulated data holders: the rows of one data set dealt to clients. */
import type { DataRef, Rng } from "@fedtune/core";
import {
  discoverImageLabels,
  discoverLabels,
  fileData,
  imageData,
  isImagePath,
} from "@fedtune/training";
import type { ExampleData, FileSource, ImageWorld } from "@fedtune/training";
import type { SimulationConfig } from "./config.ts";
import { readTable } from "./data-table.ts";
import { describePartition } from "./partition/describe.ts";
import type { PartitionDescription } from "./partition/describe.ts";
import { partition } from "./partition/partition.ts";
import { schemeByName } from "./partition/registry.ts";
import type { SimulatedDevices } from "./realism/devices.ts";
import { checkTrace, readTrace } from "./realism/trace.ts";
import type { SimulatedClient } from "./simulated-run.ts";

/** Clients with their shares, and who got what. */
export interface Population {
  readonly clients: readonly SimulatedClient[];
  readonly shares: PartitionDescription;
  /** What the clients run on; null: nothing takes time. */
  readonly devices: SimulatedDevices | null;
}

/** Number of clients when neither config nor data says. */
const DEFAULT_CLIENTS = 4;

/** The reference to the simulation's training data, or to its test data: images where the path is that of images. */
export function simulationData(config: SimulationConfig, path: string): DataRef & ExampleData {
  if (isImagePath(path)) {
    const { columns, recordSize, label } = config;
    return imageData({ kind: "images", path, columns, recordSize, label });
  }
  const { text, textPair, label, prompt, completion, messages } = config;
  return fileData({ kind: "file", path, text, textPair, label, prompt, completion, messages });
}

/**
 * The labels of a simulation whose task names none: those of its training data, sorted.
 *
 * @throws FedtuneError `data-invalid`
 */
export function simulationLabels(
  config: SimulationConfig,
  world: ImageWorld,
): Promise<readonly string[]> {
  const data = simulationData(config, config.data);
  return data.kind === "images"
    ? discoverImageLabels(data, world)
    : discoverLabels(world.files, data);
}

/**
 * Deals the training file.
 *
 * @throws FedtuneError `data-invalid`, `label-unknown`, and what the partition scheme refuses
 */
export async function populate(
  config: SimulationConfig,
  labels: readonly string[],
  world: ImageWorld & { readonly rng: Rng },
): Promise<Population> {
  const data = simulationData(config, config.data);
  const column = "column" in config.partition ? config.partition.column : null;
  const table = await readTable(data, { column, hasLabels: labels.length > 0 }, world);
  const index = new Map(labels.map((label, position) => [label, position]));
  const rowLabels = table.labels.map((label) => index.get(label) ?? labels.length);
  const count =
    config.clients ?? (schemeByName(config.partition.scheme).namesClients ? null : DEFAULT_CLIENTS);
  const dealt = partition(
    { labels: rowLabels, ...(column === null ? {} : { columns: { [column]: table.column } }) },
    { config: config.partition, clients: count, rng: world.rng },
  );
  const clients = dealt.clients.map((rows, k) => ({
    name: clientName(dealt.names[k] ?? "", k),
    data: { ...data, rows: [...rows] } satisfies DataRef,
    examples: rows.length,
  }));
  const shares = describePartition(dealt, rowLabels, labels.length + 1);
  return { clients, shares, devices: await openDevices(config.devices, clients, world.files) };
}

async function openDevices(
  config: SimulationConfig["devices"],
  clients: readonly SimulatedClient[],
  files: FileSource,
): Promise<SimulatedDevices | null> {
  if (config === null) return null;
  if (config.availability.kind !== "trace") return { config, trace: null };
  const trace = await readTrace(config.availability.path, files);
  checkTrace(
    trace,
    clients.map(({ name }) => name),
  );
  return { config, trace };
}

/** A name that may be a client id: other characters become dashes. */
function clientName(name: string, index: number): string {
  const plain = name
    .replace(/[^A-Za-z0-9_-]/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 40);
  return plain === "" ? `client-${index + 1}` : /^\d+$/.test(plain) ? `client-${plain}` : plain;
}
