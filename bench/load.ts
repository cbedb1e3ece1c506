/**
 * A coordinator under load: idle clients that are connected, clients that train nothing but upload, control messages
 * meanwhile. Coordinator, database and clients are processes of their own on one machine.
 *
 * npx tsx --conditions=@fedtune/source bench/load.ts [idle clients] [training clients] [bytes of an update] [rounds]
 * Prints one JSON line per stage. More than about 1,000 clients need a higher limit of open files: ulimit -n 65536.
 */
import { methods } from "@fedtune/aggregators";
import { memoryClientState, runClient, socketTransport } from "@fedtune/client";
import {
  adapterKinds,
  clientId,
  encodeMessage,
  layoutOf,
  parseServerMessage,
  prepareRun,
  protocolVersion,
  resolveRun,
  runId,
} from "@fedtune/core";
import type { ClientTransport, RunSetup, Trainer } from "@fedtune/core";
import { postgresStore, startDatabase } from "@fedtune/db";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { openFolderBlobs, startServer } from "@fedtune/server";
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { fileURLToPath } from "node:url";

const [role = "all", ...rest] = /^\d*$/.test(process.argv[2] ?? "")
  ? ["all", ...process.argv.slice(2)]
  : process.argv.slice(2);
const [idle = 1_000, training = 500, updateBytes = 1_000_000, rounds = 2] = rest.map(Number);
/** Clients of one process: more share its event loop and blur what is measured. */
const PER_PROCESS = 125;
const PROBES = 20;
const PROBE_MS = 200;

const size = Math.round(updateBytes / 4 / 2 / 8);
const modules = [{ name: "layer", in: size, out: size }];
const layout = layoutOf([
  { name: "layer.lora_A", module: "layer", role: "down", shape: [8, size] },
  { name: "layer.lora_B", module: "layer", role: "up", shape: [size, 8] },
]);

function setupOf(name: string, clients: number): RunSetup {
  const written = {
    name,
    task: { kind: "sequence-classification", labels: ["a", "b"] },
    method: { name: "fedavg" },
    rounds: {
      ...{ numRounds: rounds, minAvailableClients: clients },
      // A client that starves on a busy machine must not cost the whole measurement.
      minFitClients: Math.ceil(0.95 * clients),
      ...{ roundTimeoutMs: 600_000, waitTimeoutMs: 3_600_000, reconnectGraceMs: 60_000 },
    },
  };
  const resolved = resolveRun(written, { methods, kinds: adapterKinds }, nodeHash);
  return prepareRun(runId(name), resolved, {
    describe: () => ({ layout, modules }),
    hash: nodeHash,
  });
}

type Stats = Readonly<Record<string, number>>;
const roles: Record<string, (arguments_: readonly string[]) => Promise<void>> = {
  coordinator: ([folder = ""]) => coordinate(folder),
  idle: ([url = "", first = "", count = ""]) => stayIdle(url, Number(first), Number(count)),
  training: ([url = "", first = "", count = ""]) => train(url, Number(first), Number(count)),
  all: measure,
};
process.on("disconnect", () => process.exit(1));
// The four sizes travel in front of what a role is told.
await roles[role]?.(rest.slice(4));

/** The process under test. */
async function coordinate(folder: string): Promise<void> {
  const database = await startDatabase({ url: null, directory: join(folder, "db") });
  const listener = { roundCommitted: ({ round }: { round: number }) => process.send?.({ round }) };
  const server = await startServer({
    ...{ port: 0, store: postgresStore(database) },
    blobs: await openFolderBlobs(join(folder, "blobs")),
    limits: { maxConnections: 50_000 },
    runs: [
      // Never has enough clients: those who join it stay idle.
      { setup: setupOf("idle", 1_000_000) },
      { setup: setupOf("training", training), listener },
    ],
  });
  void server.coordinator(runId("idle")).run();
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  let cpu = process.cpuUsage();
  process.on("message", (asked) => {
    if (asked === "train") void server.coordinator(runId("training")).run();
    if (asked === "close")
      void server
        .close()
        .then(() => database.close())
        .then(() => process.exit(0));
    if (asked !== "stats") return;
    const { user, system } = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    const { rss, heapUsed } = process.memoryUsage();
    const stats: Stats = {
      delayP50Ms: delay.percentile(50) / 1e6 - 5,
      delayP99Ms: delay.percentile(99) / 1e6 - 5,
      cpuSeconds: (user + system) / 1e6,
      rssMiB: rss / 2 ** 20,
      heapMiB: heapUsed / 2 ** 20,
    };
    delay.reset();
    process.send?.({ stats });
  });
  process.send?.({ url: server.address.url });
}

/** Connects without a session: says hello and join once, then a hello now and then, whose answer is timed. */
async function stayIdle(url: string, first: number, count: number): Promise<void> {
  let times: number[] = [];
  const open = async (k: number): Promise<void> => {
    const client = clientId(`idle-${k}`);
    const run = runId("idle");
    const transport = transportTo(url);
    let since = performance.now();
    let joined = (): void => undefined;
    const welcomed = new Promise<void>((resolve) => (joined = resolve));
    const message = (text: string): void => {
      const heard = parseServerMessage(text);
      if (heard.type !== "welcome") return;
      times.push(performance.now() - since);
      const { layoutHash } = heard.spec;
      transport.send(encodeMessage({ type: "join", run, layoutHash, holds: null, pending: null }));
      joined();
    };
    const events = { message, disconnected: () => undefined, reconnected: () => undefined };
    await transport.open(events, new AbortController().signal);
    const hello = (): void => {
      since = performance.now();
      const software = "bench";
      transport.send(
        encodeMessage({ type: "hello", protocol: protocolVersion, run, client, software }),
      );
    };
    hello();
    await welcomed;
    if (k % Math.ceil(idle / PROBES) === 0) setInterval(hello, PROBE_MS);
  };
  for (let k = first; k < first + count; k += 25) {
    await Promise.all(
      Array.from({ length: Math.min(25, first + count - k) }, (_, i) => open(k + i)),
    );
  }
  process.on("message", () => {
    process.send?.({ times });
    times = [];
  });
  process.send?.({ ready: true });
}

/** Takes part in the run; what it uploads differs from client to client, or the blob store would keep it once. */
async function train(url: string, first: number, count: number): Promise<void> {
  const adapters = new Map<string, Float32Array>();
  // Real clients have a processor each: here each leaves the event loop a turn before the next one works.
  let turn: Promise<unknown> = Promise.resolve();
  const trainer = (k: number): Trainer => ({
    async train(job) {
      turn = turn.then(() => new Promise((resolve) => setTimeout(resolve, 10)));
      await turn;
      const factors = job.start.slice();
      factors[0] = (factors[0] ?? 0) + k * 1e-3;
      return { factors, examples: 1, metrics: {}, privacyEvents: [] };
    },
    evaluate: () => Promise.resolve({}),
    close: () => Promise.resolve(),
  });
  const ends = Array.from({ length: count }, (_, i) =>
    runClient(
      {
        transport: transportTo(url),
        ...{ state: memoryClientState(), clock: nodeClock, hash: nodeHash, entropy: nodeEntropy },
        ...{
          trainer: trainer(first + i),
          describe: async () => Promise.resolve({ layout, modules }),
        },
        adapters: {
          get: (hash) => adapters.get(hash),
          set(hash, values) {
            adapters.clear();
            adapters.set(hash, values);
          },
        },
      },
      {
        ...{ client: clientId(`training-${first + i}`), run: runId("training"), software: "bench" },
        ...{ data: { kind: "none" }, verify: false },
      },
    ),
  );
  const finished = (await Promise.all(ends)).filter(({ kind }) => kind === "finished").length;
  process.send?.({ finished });
}

function transportTo(url: string): ClientTransport {
  return socketTransport({ url, clock: nodeClock, hash: nodeHash, fetch, openTimeoutMs: 120_000 });
}

interface Worker {
  readonly process: ChildProcess;
  /** The next message that has this field. */
  heard<T>(field: string): Promise<T>;
}

function start(name: string, ...arguments_: readonly (string | number)[]): Worker {
  const sizes = [idle, training, updateBytes, rounds];
  const child = fork(fileURLToPath(import.meta.url), [name, ...sizes, ...arguments_].map(String));
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
  const coordinator = start("coordinator", folder);
  const workers: Worker[] = [coordinator];
  try {
    const url = await coordinator.heard<string>("url");
    const stats = async (): Promise<Stats> => {
      coordinator.process.send("stats");
      return rounded(await coordinator.heard<Stats>("stats"));
    };
    report("empty", await stats());
    let since = performance.now();
    const idlers = spread(idle).map(([first, count]) => start("idle", url, first, count));
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
    const trainers = spread(training).map(([first, count]) => start("training", url, first, count));
    workers.push(...trainers);
    coordinator.process.send("train");
    for (let round = 1; round <= rounds; round++) {
      since = performance.now();
      await coordinator.heard("round");
      const seconds = passed(since);
      // The first round includes the start of its clients.
      const uploadMBps = (training * updateBytes) / 1e6 / seconds;
      report(`round ${round}`, {
        training,
        seconds,
        uploadMBps,
        ...(await latencies(idlers)),
        ...(await stats()),
      });
    }
    const finished = await Promise.all(trainers.map((one) => one.heard<number>("finished")));
    report("finished", { training: finished.reduce((sum, one) => sum + one, 0) });
  } finally {
    const closed = new Promise((resolve) => coordinator.process.once("exit", resolve));
    for (const one of workers.slice(1)) one.process.kill("SIGKILL");
    if (coordinator.process.connected) coordinator.process.send("close");
    await closed;
    await rm(folder, { recursive: true, force: true });
  }
}

/** Times of control messages since the last call. */
async function latencies(idlers: readonly Worker[]): Promise<Stats> {
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
