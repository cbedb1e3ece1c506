import { availableParallelism, freemem, totalmem } from "node:os";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import { version } from "../version.ts";

/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  readonly state: "ok" | "missing" | "broken";
  /** What was found. */
  readonly found: string;
  /** What it means or what to do; only where something is to be said. */
  readonly advice?: string;
  /** Of a backend that works: speed of a matrix product; milliseconds and most bytes in tensors of one small training step. */
  readonly speed?: {
    readonly gflops: number;
    readonly stepMs: number;
    readonly stepBytes: number;
  };
  /** Of a backend that works: whose kernels, on how many threads, and the most that the process has had in memory by then. */
  readonly computing?: {
    readonly kernels: "own" | "stock";
    readonly threads: number;
    readonly processBytes: number;
  };
}

/** Says what this machine has; the exit code tells whether it can train. `list` tries the backends. */
export async function runDoctor(io: Io, list = tryBackends): Promise<number> {
  const backends = await list();
  const findings = [...machineFindings(), ...backends];
  const ready = backends.some(({ state }) => state === "ok");
  io.result({ ready, findings }, () => reportText(findings, ready));
  return ready ? exitCodes.ok : exitCodes.machine;
}

async function tryBackends(): Promise<readonly Finding[]> {
  const { listBackends } = await import("./backends.ts");
  return listBackends();
}

const GIB = 2 ** 30;

function machineFindings(): Finding[] {
  const cores = availableParallelism();
  const gib = (bytes: number) => (bytes / GIB).toFixed(1);
  const roomy = totalmem() >= 2 * GIB;
  return [
    { name: "fedtune", state: "ok", found: version() },
    {
      name: "node",
      state: "ok",
      found: `${process.versions.node} on ${process.platform} ${process.arch}`,
    },
    { name: "cores", state: "ok", found: String(cores) },
    {
      name: "memory",
      state: roomy ? "ok" : "missing",
      found: `${gib(totalmem())} GiB, ${gib(freemem())} GiB free`,
      ...(roomy
        ? {}
        : { advice: "2 GiB are needed for a small model; use fewer clients or a smaller batch" }),
    },
  ];
}

function reportText(findings: readonly Finding[], ready: boolean): string {
  const rows = findings.map(({ name, state, found, advice = "" }) => [name, state, found, advice]);
  const verdict = ready
    ? "This machine can train."
    : "This machine cannot train: no backend works.";
  return `${tableText(["", "", "found", "advice"], rows)}\n\n${verdict}`;
}
