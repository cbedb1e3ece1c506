/**
 * Overhead of a round: everything but training, with clients that return what they received.
 *
 * npx tsx --conditions=@fedtune/source bench/round-overhead.ts [clients,clients,...] [parameters]
 * Prints one JSON line per population: median and minimum seconds per round, wall and processor, after a first,
 * uncounted one. Processor time is the safer figure on a shared machine.
 */
import { createHash } from "node:crypto";
import { methods } from "@fedtune/aggregators";
import { adapterKinds, digest, layoutOf } from "@fedtune/core";
import type { Trainer } from "@fedtune/core";
import { simulate } from "@fedtune/simulation";

const populations = (process.argv[2] ?? "10,100,1000").split(",").map(Number);
const parameters = Number(process.argv[3] ?? 100_000);
const rounds = 6;

/** Half of the parameters in A, half in B. */
const size = parameters / 2 / 8;
const modules = [{ name: "layer", in: size, out: size }];
const layout = layoutOf([
  { name: "layer.lora_A", module: "layer", role: "down", shape: [8, size] },
  { name: "layer.lora_B", module: "layer", role: "up", shape: [size, 8] },
]);

const noOp: Trainer = {
  train: (job) =>
    Promise.resolve({ factors: job.start, examples: 1, metrics: {}, privacyEvents: [] }),
  evaluate: () => Promise.resolve({}),
  close: () => Promise.resolve(),
};

for (const clients of populations) {
  const stamps = [stamp()];
  const before = process.memoryUsage().rss;
  const { end } = await simulate(
    {
      name: "bench",
      task: { kind: "sequence-classification", labels: ["a", "b"] },
      rounds: { numRounds: rounds, minAvailableClients: clients, minFitClients: clients },
    },
    {
      registries: { methods, kinds: adapterKinds },
      describe: () => ({ layout, modules }),
      clients: Array.from({ length: clients }, (_, k) => ({
        name: `c${k}`,
        data: { kind: "none" },
      })),
      trainer: noOp,
      evaluate: null,
      hash: { sha256: (bytes) => digest(createHash("sha256").update(bytes).digest("hex")) },
      settle: () => new Promise((resolve) => setImmediate(resolve)),
      listener: { roundCommitted: () => stamps.push(stamp()) },
    },
  );
  const wall = perRound(stamps.map((at) => at.wall));
  const cpu = perRound(stamps.map((at) => at.cpu));
  console.log(
    JSON.stringify({
      clients,
      parameters,
      status: end.status,
      medianSeconds: wall[wall.length >> 1],
      minSeconds: wall[0],
      medianCpuSeconds: cpu[cpu.length >> 1],
      minCpuSeconds: cpu[0],
      rssMiB: Math.round((process.memoryUsage().rss - before) / 2 ** 20),
    }),
  );
}

function stamp(): { wall: number; cpu: number } {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now() / 1e3, cpu: (user + system) / 1e6 };
}

/** Differences of neighbours but the first, ascending. */
function perRound(times: readonly number[]): number[] {
  const seconds = times.slice(2).map((time, i) => Number((time - (times[i + 1] ?? 0)).toFixed(4)));
  return seconds.sort((a, b) => a - b);
}
