/** A run of toy clients of which every training task is written down. */
import { methods } from "@fedtune/aggregators";
import { adapterKinds } from "@fedtune/core";
import type { Trainer } from "@fedtune/core";
import { nodeHash, toyData, toyLayout, toyTrainer } from "@fedtune/testkit";
import type { SimulationOptions } from "../simulated-run.ts";
import { simulate } from "../simulate.ts";

/** The clients' layout, of rank 2. */
export const layout = toyLayout();

/** One training task: the adapter that it began with and the one that it left. */
export interface Task {
  readonly client: number;
  readonly round: number;
  readonly start: Float32Array;
  readonly trained: Float32Array;
}

/** Plays a run of so many clients; `run` is the rest of its config. */
export async function recordedRun(
  run: { readonly name: string; readonly method: object; readonly rounds: object },
  numClients: number,
  overrides: Partial<SimulationOptions> = {},
) {
  const tasks: Task[] = [];
  const result = await simulate(
    {
      task: { kind: "sequence-classification", labels: ["no", "yes"] },
      adapter: { rank: 2 },
      training: { learningRate: 0.2 },
      ...run,
    },
    {
      registries: { methods, kinds: adapterKinds },
      describe: () => ({
        layout,
        modules: [
          { name: "a", in: 6, out: 5 },
          { name: "b", in: 4, out: 3 },
        ],
      }),
      clients: Array.from({ length: numClients }, (_, k) => ({
        name: `client-${String(k)}`,
        data: toyData(k, 10 + k),
      })),
      trainer: recordingTrainer(tasks),
      evaluate: null,
      hash: nodeHash,
      settle: () => new Promise((resolve) => setImmediate(resolve)),
      ...overrides,
    },
  );
  return { ...result, tasks };
}

function recordingTrainer(tasks: Task[]): Trainer {
  const honest = toyTrainer(layout);
  return {
    ...honest,
    async train(job, control) {
      const result = await honest.train(job, control);
      const [start, trained] = [job.start.slice(), result.factors.slice()];
      tasks.push({ client: Number(job.data["seed"]), round: job.round, start, trained });
      return result;
    },
  };
}
