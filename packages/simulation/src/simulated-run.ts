/** What a simulation is made of, and what it leaves behind. */
import type { ClientListener } from "@fedtune/client";
import type {
  AdapterShape,
  BaseResidual,
  BaseWeight,
  Blobs,
  Coordinator,
  CoordinatorListener,
  DataRef,
  Entropy,
  EvaluatedModel,
  FactorRole,
  Fate,
  Hash,
  MemoryNetwork,
  Metrics,
  Passage,
  Registries,
  ResolvedRun,
  Retention,
  RunEnd,
  RunHistory,
  RunSpec,
  Trainer,
  VirtualClock,
} from "@fedtune/core";
import type { SimulatedDevices } from "./realism/devices.ts";

/** One simulated data holder. */
export interface SimulatedClient {
  /** The name under which it enrols; its place in the list is its participantIndex. */
  readonly name: string;
  readonly data: DataRef;
  /** What it evaluates on; null: what the run has it keep out of training. */
  readonly evaluationData?: DataRef | null;
  /** Rows of its data; only devices with a speed need to know. */
  readonly examples?: number;
}

/** What a simulation needs besides its config. */
export interface SimulationOptions {
  readonly registries: Registries;
  /** What the base model gives for an adapter and task. */
  readonly describe: (run: Pick<RunSpec, "adapter" | "task">) => AdapterShape;
  /** The base model's weights, for adapters whose first values come from them. */
  readonly weights?: () => Promise<BaseWeight>;
  readonly clients: readonly SimulatedClient[];
  /** Trains for all clients; calls overlap, so a pool decides how many run at once. */
  readonly trainer: Trainer;
  /** Central evaluation; null: none. */
  readonly evaluate: ((model: EvaluatedModel) => Promise<Metrics>) | null;
  readonly hash: Hash;
  /** Where secure noise comes from; without it, runs that protect whole clients must ask for seeded noise. */
  readonly entropy?: Entropy;
  /** Resolves after everything ready now has run, for example `setImmediate` as a promise. */
  readonly settle: () => Promise<void>;
  readonly listener?: CoordinatorListener;
  readonly clientListener?: (client: SimulatedClient) => ClientListener;
  /** Clients of a round for which user-level noise is meant, where fewer are simulated; null: those that are. */
  readonly noiseCohort?: number | null;
  /** Where blobs are kept; memory by default. */
  readonly blobs?: Blobs;
  readonly retention?: Retention;
  /** Clients work one after the other on one set of personal factors; only to reproduce the released FedSA-LoRA code. */
  readonly sharePersonal?: boolean;
  /** Re-hashes every received blob and adapter. */
  readonly verify?: boolean;
  /** The clients' devices in virtual time; absent or null: all are there, and nothing takes time. */
  readonly devices?: SimulatedDevices | null;
  /** What happens to each message; by default it arrives at once, or as soon as its client's device can. */
  readonly fate?: (passage: Passage) => Fate;
  /** Called when network and coordinator exist and before the first round, to schedule faults on the virtual clock. */
  readonly prepare?: (world: SimulatedWorld) => void;
  readonly signal?: AbortSignal;
}

/** Handles on a simulation for fault injection. */
export interface SimulatedWorld {
  readonly network: MemoryNetwork;
  readonly clock: VirtualClock;
  readonly coordinator: Coordinator;
}

/** What a simulation leaves behind. */
export interface SimulationResult {
  readonly resolved: ResolvedRun;
  readonly end: RunEnd;
  readonly history: RunHistory;
  /** The global adapter after the last finished round. */
  readonly adapter: Float32Array;
  /** What the run added to the base model: with it, the adapter alone is not the model. */
  readonly residuals: readonly BaseResidual[];
  /** Roles that stay with the clients: the global adapter lacks them. */
  readonly personal: readonly FactorRole[];
  readonly shape: AdapterShape;
  /** Virtual seconds from the run's start to the end of each round, the waits between rounds included. */
  readonly committedAtSeconds: readonly number[];
  /** The cohort for which the run's noise and epsilon hold, where a smaller one was simulated: to be said of every figure. */
  readonly noiseCohort: number | null;
}
