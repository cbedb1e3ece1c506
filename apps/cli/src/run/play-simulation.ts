/** One simulated run on a trainer that is open. */
import type { CoordinatorListener, DataRef, ResolvedRun, Trainer } from "@fedtune/core";
import type { ClientListener } from "@fedtune/client";
import { nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { simulate } from "@fedtune/simulation";
import type { SimulatedClient, SimulatedDevices, SimulationResult } from "@fedtune/simulation";
import type { BaseModel } from "./base-model.ts";
import { centralEvaluation } from "./evaluation.ts";
import { registries } from "./registries.ts";

/** What one simulated run needs. */
export interface SimulationToPlay {
  readonly run: Readonly<Record<string, unknown>>;
  readonly resolved: ResolvedRun;
  readonly clients: readonly SimulatedClient[];
  readonly model: BaseModel;
  /** Test data; null: no central evaluation. */
  readonly test: DataRef | null;
  /** What the clients run on; absent or null: nothing takes time. */
  readonly devices?: SimulatedDevices | null;
  /** Reproduces the released FedSA-LoRA code. */
  readonly sharePersonal?: boolean;
  /** User-level noise is that of rounds of so many clients; absent or null: of the run's own. */
  readonly noiseCohort?: number | null;
}

/** Where it is played, and who is told. */
export interface PlayingWorld {
  readonly trainer: Trainer;
  readonly signal: AbortSignal;
  readonly listener?: CoordinatorListener;
  readonly clientListener?: (client: SimulatedClient) => ClientListener;
}

/** Plays one simulated run; a run that fails is an outcome, not a throw. */
export function playSimulation(
  toPlay: SimulationToPlay,
  { trainer, signal, ...listeners }: PlayingWorld,
): Promise<SimulationResult> {
  const { run, resolved, clients, model, test } = toPlay;
  const { devices = null, sharePersonal = false, noiseCohort = null } = toPlay;
  const central = test === null ? null : { trainer, resolved, data: test, control: { signal } };
  return simulate(run, {
    registries,
    describe: (of) => model.describe(of),
    weights: () => model.weights(),
    clients,
    devices,
    sharePersonal,
    ...(noiseCohort === null ? {} : { noiseCohort }),
    trainer,
    evaluate: central === null ? null : centralEvaluation(central),
    hash: nodeHash,
    entropy: nodeEntropy,
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    signal,
    ...listeners,
  });
}
