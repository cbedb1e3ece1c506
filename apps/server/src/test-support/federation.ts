/** Honest clients of a toy run, live and simulated: three, or a crowd. */
import { combiners, methods } from "@fedtune/aggregators";
import { startNodeClient } from "@fedtune/client-node";
import type { NodeClient } from "@fedtune/client-node";
import { adapterKinds, clientId } from "@fedtune/core";
import type { TrainJob, Trainer } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { simulate } from "@fedtune/simulation";
import { toyData, toyTrainer } from "@fedtune/testkit";
import { layout, modules, toyConfig } from "./toy-run.ts";

export const honest = ["ada", "bob", "eve"];
/** The roster: a fourth may come. */
export const participants = [...honest, "mallory"];
export const rounds = { minFitClients: 3, reconnectGraceMs: 20_000, roundTimeoutMs: 60_000 };

/** Names of a crowd of honest clients. */
export function crowd(size: number): readonly string[] {
  return Array.from({ length: size }, (_, k) => `crowd-${String(k).padStart(2, "0")}`);
}

/** What happens at a client while it trains. */
export type Meanwhile = (job: TrainJob) => Promise<void> | void;

/** Where a client joins, and the names of those that do. */
export interface JoinPlace {
  readonly url: string;
  readonly stateDir: string;
  readonly names?: readonly string[];
}

/** Starts the client of that index; its state lives under `stateDir`. */
export function joinRun(
  { names = honest, ...where }: JoinPlace,
  k: number,
  meanwhile: Meanwhile = () => undefined,
): NodeClient {
  return startNodeClient({
    ...{ ...where, run: null, software: "test", client: clientId(names[k] ?? "") },
    data: toyData(k, 10 + k),
    trainer: trainerThat(meanwhile),
    describe: () => Promise.resolve({ layout, modules }),
    connection: { reconnectMs: 20 },
  });
}

function trainerThat(meanwhile: Meanwhile): Trainer {
  const toy = toyTrainer(layout);
  return {
    ...toy,
    async train(job, control) {
      await meanwhile(job);
      return toy.train(job, control);
    },
  };
}

/** The round policy of a crowd of which all are wanted. */
export function roundsOf(names: readonly string[], numRounds: number) {
  return { ...rounds, numRounds, minFitClients: names.length, minAvailableClients: names.length };
}

/** The adapter of the same run in one process over memory and virtual time, with the honest clients alone. */
export async function simulated(
  numRounds: number,
  names: readonly string[] = honest,
): Promise<Float32Array> {
  const roster = names === honest ? participants : names;
  const policy = roundsOf(names, numRounds);
  const result = await simulate(toyConfig({ participants: roster, rounds: policy }), {
    registries: { methods, combiners, kinds: adapterKinds },
    describe: () => ({ layout, modules }),
    clients: names.map((name, k) => ({ name, data: toyData(k, 10 + k) })),
    trainer: toyTrainer(layout),
    evaluate: null,
    hash: nodeHash,
    settle: () => new Promise((resolve) => setImmediate(resolve)),
  });
  if (result.end.status !== "completed")
    throw new Error(`the simulation ended as ${result.end.status}`);
  return result.adapter;
}
