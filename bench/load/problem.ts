/** What the coordinator and the clients of the load bench agree about. */
import { methods } from "@fedtune/aggregators";
import { adapterKinds, layoutOf, prepareRun, resolveRun, runId } from "@fedtune/core";
import type { RunSetup } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { readFileSync } from "node:fs";

/** How much load, and of what kind. */
export interface Sizes {
  readonly idle: number;
  readonly training: number;
  /** Bytes of one update. */
  readonly updateBytes: number;
  readonly rounds: number;
  /** Whether clients sign what they ask. */
  readonly signed: boolean;
  /** Whether clients keep their state in files. */
  readonly durable: boolean;
  /** Connection string of a Postgres; null: the embedded one. */
  readonly database: string | null;
}

/** Figures of one stage. */
export type Stats = Readonly<Record<string, number>>;

/** Processor time of this process since the last call: over all threads, and of the thread with the event loop. */
export function workMeter(): () => {
  readonly cpuSeconds: number;
  readonly loopCpuSeconds: number;
} {
  let cpu = process.cpuUsage();
  let loop = mainThreadSeconds();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    const now = mainThreadSeconds();
    const loopCpuSeconds = now - loop;
    cpu = process.cpuUsage();
    loop = now;
    return { cpuSeconds: (user + system) / 1e6, loopCpuSeconds };
  };
}

/** Linux keeps it in nanoseconds; NaN elsewhere. */
function mainThreadSeconds(): number {
  try {
    const file = `/proc/self/task/${process.pid}/schedstat`;
    return Number(readFileSync(file, "utf8").split(" ")[0]) / 1e9;
  } catch {
    return NaN;
  }
}

/** What a process is told. */
export interface Told extends Sizes {
  readonly url: string;
  readonly folder: string;
  readonly first: number;
  readonly count: number;
}

/** Width of a module, as MiniLM has it, and the adapter's rank. */
const WIDTH = 384;
const RANK = 8;

/** As many modules as make an update of that length. */
export function shapeOf({ updateBytes }: Sizes) {
  const count = Math.max(1, Math.round(updateBytes / 4 / (2 * RANK * WIDTH)));
  const names = Array.from({ length: count }, (_, i) => `layer${i}`);
  return {
    modules: names.map((name) => ({ name, in: WIDTH, out: WIDTH })),
    layout: layoutOf(
      names.flatMap((name) => [
        { name: `${name}.lora_A`, module: name, role: "down", shape: [RANK, WIDTH] },
        { name: `${name}.lora_B`, module: name, role: "up", shape: [WIDTH, RANK] },
      ]),
    ),
  };
}

/** A run that begins once so many clients are there. */
export function setupOf(name: string, clients: number, sizes: Sizes): RunSetup {
  const written = {
    name,
    task: { kind: "sequence-classification", labels: ["a", "b"] },
    method: { name: "fedavg" },
    // Its own bench; with so many clients it would be most of the round.
    evaluation: { aggregationError: false },
    rounds: {
      ...{ numRounds: sizes.rounds, minAvailableClients: clients },
      // A client that starves on a busy machine must not cost the whole measurement.
      minFitClients: Math.ceil(0.95 * clients),
      ...{ roundTimeoutMs: 600_000, waitTimeoutMs: 3_600_000, reconnectGraceMs: 60_000 },
    },
  };
  const resolved = resolveRun(written, { methods, kinds: adapterKinds }, nodeHash);
  return prepareRun(runId(name), resolved, { describe: () => shapeOf(sizes), hash: nodeHash });
}

/** What this process was told. */
export function told(): Told {
  process.on("disconnect", () => process.exit(1));
  return JSON.parse(process.argv[2] ?? "{}") as Told;
}
