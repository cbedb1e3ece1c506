/** A run of clients with factors of their own, and everything that its trainer was asked. */
import { gatherRoles } from "@fedtune/core";
import type { DataRef, EvaluateJob, FactorRole, Passage, Trainer, TrainJob } from "@fedtune/core";
import { toyTrainer } from "@fedtune/testkit";
import { simulate } from "../simulate.ts";
import type { SimulationOptions } from "../simulated-run.ts";
import { config as toy, layout, options } from "./toy-run.ts";

const config = { ...toy, method: { name: "fedsa-lora" } };
export const personal: readonly FactorRole[] = ["up", "head"];
export const own = (values: Float32Array): Float32Array => gatherRoles(layout, values, personal);
export const common = (values: Float32Array): Float32Array => gatherRoles(layout, values, ["down"]);
const clientOf = (data: DataRef): number => Number(data["seed"]);

interface Trained {
  readonly client: number;
  readonly job: TrainJob;
  readonly start: Float32Array;
  readonly factors: Float32Array;
}

interface Evaluation {
  readonly client: number;
  readonly job: EvaluateJob;
  readonly loss: number;
  readonly accuracy: number;
}

/** A toy trainer that writes down what it was asked. */
export function watched() {
  const trained: Trained[] = [];
  const evaluations: Evaluation[] = [];
  const honest = toyTrainer(layout);
  const trainer: Trainer = {
    ...honest,
    async train(job, control) {
      const result = await honest.train(job, control);
      const { factors } = result;
      const start = job.start.slice();
      trained.push({ client: clientOf(job.data), job, start, factors: factors.slice() });
      return result;
    },
    async evaluate(job, control) {
      const metrics = await honest.evaluate(job, control);
      const { loss = NaN, accuracy = NaN } = metrics;
      const kept = { ...job, start: job.start.slice() };
      evaluations.push({ client: clientOf(job.data), job: kept, loss, accuracy });
      return metrics;
    },
  };
  return { trained, evaluations, trainer };
}

/** What becomes of the messages of a type; the others arrive. */
export function fateOf(
  type: string,
  decide: (about: { round: number; name: string }) => readonly number[],
) {
  return ({ name, message }: Passage): readonly number[] => {
    if (message === "") return [0];
    const said = JSON.parse(message) as { type: string; round?: number };
    return said.type === type ? decide({ round: said.round ?? -1, name }) : [0];
  };
}

/** A run that evaluates, with what its trainer saw. */
export async function run(overrides: Partial<SimulationOptions> = {}, evaluation: object = {}) {
  const seen = watched();
  const result = await simulate(
    { ...config, evaluation },
    options({ trainer: seen.trainer, verify: true, ...overrides }),
  );
  const rounds = result.history.evaluations.map(({ round }) => round);
  const metrics = result.history.evaluations.map((row) => row.metrics);
  return { ...seen, ...result, rounds, metrics };
}
