/**
 * A coordinator under load: idle clients that are connected, clients that train nothing but upload, control messages
 * meanwhile. Coordinator, database and clients are processes of their own on one machine.
 *
 * npx tsx --conditions=@fedtune/source bench/load.ts [idle clients] [training clients] [bytes of an update] [rounds]
 *   [--signed] clients sign what they ask [--durable] and keep their state in files
 *   [--database URL] on that Postgres, which must be empty, in place of the embedded one
 * Prints one JSON line per stage, with the processor time of the coordinator (all threads, and that of the event loop), of
 * the database and of the clients. The last line is the median round without the first two, in which all is
 * still being compiled. More than about 1,000 clients need a higher limit of open files: ulimit -n 65536.
 */
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Sizes, Stats, Told } from "./load/problem.ts";

/** Clients of one process: more share its event loop and blur what is measured. */
const PER_PROCESS = 125;

/** Rounds that are not counted: their code is still being compiled. */
const WARM_UP = 2;

const { values: kind, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    signed: { type: "boolean", default: false },
    durable: { type: "boolean", default: false },
    database: { type: "string" },
  },
});
const [idle = 1_000, training = 500, updateBytes = 1_000_000, rounds = 2] = positionals.map(Number);
const { database = null } = kind;
const sizes: Sizes = { ...kind, idle, training, updateBytes, rounds, database };
await measure();

interface Worker {
  readonly process: ChildProcess;
  /** The next message that has this field. */
  heard<T>(field: string): Promise<T>;
}

function start(name: string, more: Partial<Told>): Worker {
  const program = fileURLToPath(new URL(`load/${name}.ts`, import.meta.url));
  const child = fork(program, [JSON.stringify({ ...sizes, ...more })]);
  child.setMaxListeners(0);
  return {
    process: child,
    heard: <T>(field: string) =>
      new Promise<T>((resolve, reject) => {
        const hear = (message: Record<string, unknown>): void => {
          if (!(field in message)) return;
          child.off("message", hear);
          resolve(message[field] as T);
        };
        child.on("message", hear);
        child.once("exit", (code) => {
          reject(new Error(`${name} ended with code ${String(code)}`));
        });
      }),
  };
}

async function measure(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "fedtune-load-"));
  const coordinator = start("coordinator", { folder });
  const workers: Worker[] = [coordinator];
  try {
    const url = await coordinator.heard<string>("url");
    const stats = async (): Promise<Stats> => {
      coordinator.process.send("stats");
      return rounded(await coordinator.heard<Stats>("stats"));
    };
    report("empty", await stats());
    const idlers = idle > 0 ? await connected({ url, workers, stats }) : [];
    const trainers = spread(training).map(([first, count]) =>
      start("training-clients", { url, folder, first, count }),
    );
    workers.push(...trainers);
    const figures: Stats[] = [];
    for (let round = 1; round <= rounds; round++) {
      const since = performance.now();
      await coordinator.heard("round");
      const seconds = passed(since);
      // The first round includes the start of its clients.
      const uploadMBps = (training * updateBytes) / 1e6 / seconds;
      const clientsCpuSeconds = await cpuOf(trainers);
      const figure = { seconds, uploadMBps, ...(await stats()), clientsCpuSeconds };
      report(`round ${round}`, { training, ...(await latencies(idlers)), ...figure });
      if (round > WARM_UP) figures.push(figure);
    }
    const finished = await Promise.all(trainers.map((one) => one.heard<number>("finished")));
    report("finished", { training: finished.reduce((sum, one) => sum + one, 0) });
    if (figures.length > 0) report("median round", medians(figures));
  } finally {
    const closed = new Promise((resolve) => coordinator.process.once("exit", resolve));
    for (const one of workers.slice(1)) one.process.kill("SIGKILL");
    if (coordinator.process.connected) coordinator.process.send("close");
    await closed;
    await rm(folder, { recursive: true, force: true });
  }
}

/** Connects the idle clients, and looks on for a while. */
async function connected({
  url,
  workers,
  stats,
}: {
  readonly url: string;
  readonly workers: Worker[];
  readonly stats: () => Promise<Stats>;
}): Promise<readonly Worker[]> {
  let since = performance.now();
  const idlers = spread(idle).map(([first, count]) => start("idle-clients", { url, first, count }));
  workers.push(...idlers);
  await Promise.all(idlers.map((one) => one.heard("ready")));
  report("connected", { clients: idle, seconds: passed(since), ...(await stats()) });
  await latencies(idlers);
  since = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  report("idle", {
    clients: idle,
    seconds: passed(since),
    ...(await latencies(idlers)),
    ...(await stats()),
  });
  return idlers;
}

/** Processor seconds of all these processes since the last call. */
async function cpuOf(workers: readonly Worker[]): Promise<number> {
  const each = workers.map((one) => {
    const heard = one.heard<number>("cpuSeconds");
    one.process.send("cpu");
    return heard;
  });
  return (await Promise.all(each)).reduce((sum, one) => sum + one, 0);
}

/** The median of every figure. */
function medians(figures: readonly Stats[]): Stats {
  const names = Object.keys(figures[0] ?? {});
  const median = (name: string): number => {
    const sorted = figures.map((one) => one[name] ?? 0).sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? 0;
  };
  return Object.fromEntries(names.map((name) => [name, median(name)]));
}

/** Times of control messages since the last call; nothing where nobody is idle. */
async function latencies(idlers: readonly Worker[]): Promise<Stats> {
  if (idlers.length === 0) return {};
  const all = await Promise.all(
    idlers.map((one) => {
      const times = one.heard<number[]>("times");
      one.process.send("times");
      return times;
    }),
  );
  const sorted = all.flat().sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  return { messages: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99) };
}

function spread(count: number): [first: number, count: number][] {
  const starts = Array.from({ length: Math.ceil(count / PER_PROCESS) }, (_, i) => i * PER_PROCESS);
  return starts.map((first) => [first, Math.min(PER_PROCESS, count - first)]);
}

function passed(since: number): number {
  return (performance.now() - since) / 1e3;
}

function rounded(stats: Stats): Stats {
  return Object.fromEntries(
    Object.entries(stats).map(([name, value]) => [name, Number(value.toPrecision(3))]),
  );
}

function report(stage: string, figures: Stats): void {
  console.log(JSON.stringify({ stage, ...rounded(figures) }));
}
