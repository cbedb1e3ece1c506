/**
 * A whole run inside one process: the live coordinator and the live client loop over a memory network and virtual time.
 *
 * With the same config, base model, backend and threads the adapter is bit for bit that of a live run with the same
 * accepted set per round.
 */
import { memoryClientState, memoryLedgers, runClient } from "@fedtune/client";
import type { ClientListener, HolderPrivacy } from "@fedtune/client";
import {
  clientId,
  memoryBlobs,
  memoryNetwork,
  memoryStore,
  openCoordinator,
  prepareRun,
  readsBase,
  resolveRun,
  runId,
  virtualClock,
} from "@fedtune/core";
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
  RunSetup,
  RunSpec,
  Store,
  Trainer,
  VirtualClock,
} from "@fedtune/core";
import { userLevelPrivacy } from "@fedtune/dp";
import { adapterCache } from "./adapter-cache.ts";
import { busyTrainer } from "./busy-trainer.ts";
import { sharedPersonal } from "./shared-personal.ts";

/** One simulated data holder. */
export interface SimulatedClient {
  /** The name under which it enrols; its place in the list is its participantIndex. */
  readonly name: string;
  readonly data: DataRef;
  /** What it evaluates on; null: what the run has it keep out of training. */
  readonly evaluationData?: DataRef | null;
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
  /** Where blobs are kept; memory by default. */
  readonly blobs?: Blobs;
  readonly retention?: Retention;
  /** Clients work one after the other on one set of personal factors; only to reproduce the released FedSA-LoRA code. */
  readonly sharePersonal?: boolean;
  /** Re-hashes every received blob and adapter. */
  readonly verify?: boolean;
  /** What happens to each message; by default it arrives at once. */
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
}

/**
 * Runs a federation to its end.
 *
 * @throws FedtuneError `config-invalid`, `config-conflict` before anything starts; a failed run is an outcome, not a throw
 */
export async function simulate(
  input: unknown,
  options: SimulationOptions,
): Promise<SimulationResult> {
  const { registries, hash, clients } = options;
  const resolved = resolveRun(withRoster(input, clients), registries, hash);
  const { task } = resolved.config;
  const setup = prepareRun(runId(resolved.config.name), resolved, {
    describe: (adapter) => options.describe({ adapter, task }),
    weights: readsBase(resolved) ? ((await options.weights?.()) ?? null) : null,
    hash,
  });
  const store = memoryStore();
  const world = await openWorld(setup, store, options);
  const { network, clock, coordinator } = world;
  options.prepare?.(world);
  const stop = (): void => {
    coordinator.stop();
  };
  options.signal?.addEventListener("abort", stop, { once: true });
  const ended = coordinator.run();
  const sessions = startClients(world, options);
  const end = await clock.runUntil(ended);
  options.signal?.removeEventListener("abort", stop);
  await network.server.close();
  await Promise.race([Promise.all(sessions), options.settle()]);
  const history = await store.getHistory(setup.id);
  if (history === null) throw new RangeError("Cannot find the history of a run that just ended");
  const residuals = await coordinator.residuals();
  const personal = coordinator.personal();
  const shape = options.describe(resolved.config);
  return { resolved, end, history, adapter: coordinator.adapter(), residuals, personal, shape };
}

async function openWorld(
  setup: RunSetup,
  store: Store,
  options: SimulationOptions,
): Promise<SimulatedWorld> {
  const { hash, evaluate, fate, verify, retention = "latest", listener = {} } = options;
  const clock = virtualClock(options.settle);
  const network = memoryNetwork({
    clock,
    ...(fate === undefined ? {} : { fate }),
    ...(verify === true ? { verify: hash } : {}),
  });
  const ports = {
    transport: network.server,
    store,
    blobs: options.blobs ?? memoryBlobs(),
    clock,
    hash,
    evaluate: evaluate === null ? null : (model: EvaluatedModel) => clock.busy(evaluate(model)),
    privacy: userLevelPrivacy(setup.resolved.config, options.entropy ?? null),
  };
  const coordinator = await openCoordinator(setup, ports, { retention, listener });
  return { network, clock, coordinator };
}

/** Starts every client; a session that fails is over, and the coordinator sees to the rest. */
function startClients(
  { network, clock, coordinator }: SimulatedWorld,
  options: SimulationOptions,
): Promise<unknown>[] {
  const { hash, verify = false } = options;
  const adapters = adapterCache();
  const shared = {
    ...(options.sharePersonal === true ? { personal: sharedPersonal() } : {}),
    ...(options.entropy === undefined ? {} : { entropy: options.entropy }),
  };
  const trainer = busyTrainer(options.trainer, clock);
  const describe = (spec: RunSpec): Promise<AdapterShape> =>
    Promise.resolve(options.describe(spec));
  return options.clients.map((client) => {
    const listener = options.clientListener?.(client) ?? {};
    const transport = network.client(client.name);
    const state = memoryClientState();
    const privacy = simulatedHolder(client, clock);
    return runClient(
      { transport, state, clock, hash, trainer, adapters, describe, privacy, ...shared },
      {
        client: clientId(client.name),
        run: coordinator.setup.id,
        data: client.data,
        evaluationData: client.evaluationData ?? null,
        software: "fedtune-simulation",
        verify,
        listener,
      },
    ).catch((error: unknown) => error);
  });
}

/** Each simulated client is a data holder with a ledger of its own, on the simulation's time. */
function simulatedHolder({ name }: SimulatedClient, clock: VirtualClock): HolderPrivacy {
  return {
    holder: name,
    dataset: name,
    budgetEpsilon: null,
    ledgers: memoryLedgers(),
    time: () => new Date(clock.now()).toISOString(),
  };
}

/** The clients' names in order are the run's roster, so that participantIndex does not depend on who connects first. */
function withRoster(input: unknown, clients: readonly SimulatedClient[]): unknown {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  const { participants } = input as { participants?: unknown };
  return { ...input, participants: participants ?? clients.map((client) => client.name) };
}
