/**
 * Overhead of a round: everything but training, with clients that answer at once with one of a few vectors of noise.
 *
 * npx tsx --conditions=@fedtune/source bench/round-overhead.ts [clients,clients,...] [parameters] [cohort] [rounds]
 * `cohort`: clients of a round; 0: all of them. Each population is run without the aggregation error, which other systems
 * do not measure, and with it. Prints one JSON line per run: median and minimum seconds per round, wall and processor, after
 * a first, uncounted one; seconds until the first round opened; resident memory over the beginning's, at its largest.
 * Processor time is the safer figure on a shared machine.
 */
import { createHash } from "node:crypto";
import { methods } from "@fedtune/aggregators";
import { adapterKinds, digest, layoutOf, rngFromSeed } from "@fedtune/core";
import type { Trainer } from "@fedtune/core";
import { simulate } from "@fedtune/simulation";

const populations = (process.argv[2] ?? "10,100,1000").split(",").map(Number);
const parameters = Number(process.argv[3] ?? 100_000);
const cohort = Number(process.argv[4] ?? 0);
const numRounds = Number(process.argv[5] ?? 12);

/** Half of the parameters in A, half in B. */
const size = parameters / 2 / 8;
const modules = [{ name: "layer", in: size, out: size }];
const layout = layoutOf([
  { name: "layer.lora_A", module: "layer", role: "down", shape: [8, size] },
  { name: "layer.lora_B", module: "layer", role: "up", shape: [size, 8] },
]);

/** Numbers as training gives them: sums of zeros alone run another way through the processor. */
const answers = Array.from({ length: 64 }, (_, k) => {
  const rng = rngFromSeed(k);
  return Float32Array.from({ length: layout.size }, () => 0.01 * rng.normal());
});
let turn = 0;

const noOp: Trainer = {
  train() {
    const factors = answers[turn++ % answers.length] ?? new Float32Array(layout.size);
    return Promise.resolve({ factors, examples: 1, metrics: {}, privacyEvents: [] });
  },
  evaluate: () => Promise.resolve({}),
  close: () => Promise.resolve(),
};

for (const clients of populations) {
  for (const aggregationError of [false, true]) await measure(clients, aggregationError);
}

async function measure(clients: number, aggregationError: boolean): Promise<void> {
  const begun = stamp();
  const stamps: Stamp[] = [];
  const before = process.memoryUsage.rss();
  let most = before;
  const mark = (): void => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  const perRound = cohort === 0 ? clients : cohort;
  const { end } = await simulate(
    {
      name: "bench",
      task: { kind: "sequence-classification", labels: ["a", "b"] },
      evaluation: { aggregationError },
      rounds: {
        ...{ numRounds, minAvailableClients: clients },
        ...{ minFitClients: perRound, fractionFit: perRound / clients },
      },
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
      listener: {
        stateChanged({ phase, round }, { type }) {
          if (phase === "aggregating") mark();
          if (phase === "collecting" && round === 1 && type === "joined" && stamps.length === 0)
            stamps.push(stamp());
        },
        roundCommitted() {
          stamps.push(stamp());
          mark();
        },
      },
    },
  );
  const wall = differences(stamps.map((at) => at.wall));
  const cpu = differences(stamps.map((at) => at.cpu));
  console.log(
    JSON.stringify({
      ...{ clients, perRound, parameters, aggregationError, status: end.status },
      medianSeconds: wall[wall.length >> 1],
      minSeconds: wall[0],
      medianCpuSeconds: cpu[cpu.length >> 1],
      minCpuSeconds: cpu[0],
      startCpuSeconds: Number(((stamps[0]?.cpu ?? 0) - begun.cpu).toFixed(2)),
      rssMiB: Math.round((most - before) / 2 ** 20),
    }),
  );
}

interface Stamp {
  readonly wall: number;
  readonly cpu: number;
}

function stamp(): Stamp {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now() / 1e3, cpu: (user + system) / 1e6 };
}

/** Differences of neighbours but the first, ascending. */
function differences(times: readonly number[]): number[] {
  const seconds = times.slice(2).map((time, i) => Number((time - (times[i + 1] ?? 0)).toFixed(4)));
  return seconds.sort((a, b) => a - b);
}
