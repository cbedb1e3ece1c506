/**
 * A whole run inside one process: the live coordinator and the live client loop over a memory network and virtual time.
 *
 * With the same config, base model, backend and threads the adapter is bit for bit that of a live run with the same
 * accepted set per round.
 */
import { memoryClientState, memoryLedgers, runClient } from "@fedtune/client";
import type { ClientListener, ClientPorts, HolderPrivacy } from "@fedtune/client";
import {
  clientId,
  memoryBlobs,
  memoryNetwork,
  memoryStore,
  openCoordinator,
  prepareRun,
  readsBase,
  resolveRun,
  rngFromSeed,
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
  MemoryNetworkOptions,
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
import { cohortPrivacy } from "./noise-cohort.ts";
import { deviceFleet } from "./realism/devices.ts";
import type { DeviceFleet, SimulatedDevices } from "./realism/devices.ts";
import { sharedPersonal } from "./shared-personal.ts";
import { keptBlobs, updateMemory } from "./update-memory.ts";

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
  const fleet = fleetOf(setup, options);
  const committedAtSeconds: number[] = [];
  const memory = options.blobs === undefined ? updateMemory() : null;
  const world = await openWorld(setup, { store, fleet, memory, committedAtSeconds }, options);
  const { network, clock, coordinator } = world;
  options.prepare?.(world);
  const stop = (): void => {
    coordinator.stop();
  };
  options.signal?.addEventListener("abort", stop, { once: true });
  const ended = coordinator.run();
  const sessions = startClients(world, { fleet, memory }, options);
  const end = await clock.runUntil(ended);
  options.signal?.removeEventListener("abort", stop);
  if (fleet !== null) await clock.runUntil(farewell(clock, sessions, fleet));
  await network.server.close();
  await Promise.race([Promise.all(sessions), options.settle()]);
  const history = await store.getHistory(setup.id);
  if (history === null) throw new RangeError("Cannot find the history of a run that just ended");
  const residuals = await coordinator.residuals();
  const personal = coordinator.personal();
  const shape = options.describe(resolved.config);
  const adapter = coordinator.adapter();
  const { noiseCohort = null } = options;
  const model = { adapter, residuals, personal, shape };
  return { resolved, end, history, ...model, committedAtSeconds, noiseCohort };
}

/** The clients' devices, drawn from the run's seed; null: nothing takes time. */
function fleetOf(
  { resolved }: RunSetup,
  { clients, devices = null }: SimulationOptions,
): DeviceFleet | null {
  if (devices === null) return null;
  const owners = clients.map(({ name, examples = null }) => {
    if (examples !== null) return { name, examples };
    throw new RangeError(`Cannot time the device of "${name}": wanted the number of its examples`);
  });
  return deviceFleet(owners, devices, rngFromSeed(resolved.config.seed).fork("devices"));
}

/** Until the clients that are there have heard of the end; the others need not. */
function farewell(
  clock: VirtualClock,
  sessions: readonly Promise<unknown>[],
  { devices }: DeviceFleet,
): Promise<unknown> {
  const slowest = devices.reduce((most, { latencyMs }) => Math.max(most, latencyMs), 0);
  const heard = new Promise<void>((resolve) => {
    clock.after(2 * slowest, resolve);
  });
  return Promise.race([Promise.all(sessions), heard]);
}

/** What belongs to one run from its beginning to its end. */
interface RunBooks {
  readonly store: Store;
  readonly fleet: DeviceFleet | null;
  /** Of updates; null where they are kept elsewhere. */
  readonly memory: NonNullable<ClientPorts["memory"]> | null;
  /** Gets one entry with every round. */
  readonly committedAtSeconds: number[];
}

async function openWorld(
  setup: RunSetup,
  { store, fleet, memory, committedAtSeconds }: RunBooks,
  options: SimulationOptions,
): Promise<SimulatedWorld> {
  const { hash, evaluate, verify, retention = "latest" } = options;
  const { noiseCohort = null, entropy = null } = options;
  const clock = virtualClock(options.settle);
  const network = memoryNetwork({
    clock,
    ...weather(fleet, options),
    ...(verify === true ? { verify: hash } : {}),
  });
  const listener: CoordinatorListener = {
    ...options.listener,
    roundCommitted(row) {
      committedAtSeconds.push(clock.now() / 1000);
      options.listener?.roundCommitted?.(row);
    },
  };
  const ports = {
    transport: network.server,
    store,
    blobs: options.blobs ?? (memory === null ? memoryBlobs() : keptBlobs(memoryBlobs(), memory)),
    clock,
    hash,
    evaluate: evaluate === null ? null : (model: EvaluatedModel) => clock.busy(evaluate(model)),
    privacy:
      noiseCohort === null
        ? userLevelPrivacy(setup.resolved.config, entropy)
        : cohortPrivacy(setup.resolved.config, { noiseCohort, entropy }),
  };
  const coordinator = await openCoordinator(setup, ports, { retention, listener });
  return { network, clock, coordinator };
}

/** What the network does to messages and blobs. */
function weather(
  fleet: DeviceFleet | null,
  { fate }: SimulationOptions,
): Pick<MemoryNetworkOptions, "fate" | "transferMs"> {
  if (fleet === null) return fate === undefined ? {} : { fate };
  return {
    fate: fate ?? (({ name }) => [fleet.latencyMs(name)]),
    transferMs: (transfer) => fleet.transferMs(transfer),
  };
}

/** Starts every client; a session that fails is over, and the coordinator sees to the rest. */
function startClients(
  { network, clock, coordinator }: SimulatedWorld,
  { fleet, memory }: Pick<RunBooks, "fleet" | "memory">,
  options: SimulationOptions,
): Promise<unknown>[] {
  const { hash, verify = false } = options;
  const adapters = adapterCache();
  const shared = {
    ...(options.sharePersonal === true ? { personal: sharedPersonal() } : {}),
    ...(options.entropy === undefined ? {} : { entropy: options.entropy }),
    ...(memory === null ? {} : { memory }),
  };
  const busy = busyTrainer(options.trainer, clock);
  fleet?.start({ network, clock, trainer: options.trainer });
  // A network that loses nothing needs no heartbeats, and tens of thousands of idle clients would say nothing else.
  const heartbeatMs = fleet !== null && options.fate === undefined ? Infinity : null;
  const describe = (spec: RunSpec): Promise<AdapterShape> =>
    Promise.resolve(options.describe(spec));
  return options.clients.map((client) => {
    const listener = options.clientListener?.(client) ?? {};
    const transport = network.client(client.name);
    const state = memoryClientState();
    const privacy = simulatedHolder(client, clock);
    const trainer = fleet?.trainer(client.name) ?? busy;
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
        ...(heartbeatMs === null ? {} : { heartbeatMs }),
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
