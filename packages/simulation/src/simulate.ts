/**
 * A whole run inside one process: the live coordinator and the live client loop over a memory network and virtual time.
 *
 * With the same config, base model, backend and threads the adapter is bit for bit that of a live run with the same
 * accepted set per round.
 */
import { memoryClientState, memoryLedgers, runClient } from "@fedtune/client";
import type { ClientPorts, HolderPrivacy } from "@fedtune/client";
import {
  clientId,
  localOffload,
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
  CoordinatorListener,
  EvaluatedModel,
  MemoryNetworkOptions,
  RunSetup,
  RunSpec,
  Store,
  VirtualClock,
} from "@fedtune/core";
import { userLevelPrivacy } from "@fedtune/dp";
import { adapterCache } from "./adapter-cache.ts";
import { busyTrainer } from "./busy-trainer.ts";
import { cohortPrivacy } from "./noise-cohort.ts";
import { deviceFleet } from "./realism/devices.ts";
import type { DeviceFleet } from "./realism/devices.ts";
import { sharedPersonal } from "./shared-personal.ts";
import type {
  SimulatedClient,
  SimulatedWorld,
  SimulationOptions,
  SimulationResult,
} from "./simulated-run.ts";
import { keptBlobs, updateMemory } from "./update-memory.ts";
import { namedCheck, namedStore, updateNames } from "./update-names.ts";
import type { UpdateNames } from "./update-names.ts";

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
  const names = isClosed(options) ? updateNames(hash) : null;
  const store = names === null ? memoryStore() : namedStore(memoryStore(), names);
  const fleet = fleetOf(setup, options);
  const committedAtSeconds: number[] = [];
  const memory = options.blobs === undefined ? updateMemory(names) : null;
  const books = { store, fleet, memory, names, committedAtSeconds };
  const world = await openWorld(setup, books, options);
  const { network, clock, coordinator } = world;
  options.prepare?.(world);
  const stop = (): void => {
    coordinator.stop();
  };
  options.signal?.addEventListener("abort", stop, { once: true });
  const ended = coordinator.run();
  const sessions = startClients(world, { fleet, memory, names }, options);
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

/** Whether nobody but the run itself gets to see messages and updates: names may then stand for their hashes. */
function isClosed({ blobs, retention, verify, fate, prepare }: SimulationOptions): boolean {
  const keepsNothing = blobs === undefined && retention !== "all";
  return keepsNothing && verify !== true && fate === undefined && prepare === undefined;
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
  /** What updates are called; null: by their hashes. */
  readonly names: UpdateNames | null;
  /** Gets one entry with every round. */
  readonly committedAtSeconds: number[];
}

async function openWorld(
  setup: RunSetup,
  { store, fleet, memory, names, committedAtSeconds }: RunBooks,
  options: SimulationOptions,
): Promise<SimulatedWorld> {
  const { hash, evaluate, verify, retention = "latest" } = options;
  const { noiseCohort = null, entropy = null } = options;
  const clock = virtualClock(options.settle);
  const network = memoryNetwork({
    clock,
    ...weather(fleet, options),
    ...(verify === true ? { verify: hash } : {}),
    handsOver: names !== null,
  });
  const listener: CoordinatorListener = {
    ...options.listener,
    roundCommitted(row) {
      committedAtSeconds.push(clock.now() / 1000);
      options.listener?.roundCommitted?.(row);
    },
  };
  const blobs =
    options.blobs ?? (memory === null ? memoryBlobs() : keptBlobs(memoryBlobs(), memory));
  const privacy =
    noiseCohort === null
      ? userLevelPrivacy(setup.resolved.config, entropy)
      : cohortPrivacy(setup.resolved.config, { noiseCohort, entropy });
  const ports = {
    ...{ transport: network.server, store, blobs, clock, hash, privacy },
    evaluate: evaluate === null ? null : (model: EvaluatedModel) => clock.busy(evaluate(model)),
  };
  const offload =
    names === null
      ? null
      : { ...localOffload({ setup, ...ports }), check: namedCheck(blobs, names) };
  const coordinator = await openCoordinator(setup, { ...ports, offload }, { retention, listener });
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
  { fleet, memory, names }: Pick<RunBooks, "fleet" | "memory" | "names">,
  options: SimulationOptions,
): Promise<unknown>[] {
  const { hash, verify = false } = options;
  const adapters = adapterCache();
  const shared = {
    ...(options.sharePersonal === true ? { personal: sharedPersonal() } : {}),
    ...(options.entropy === undefined ? {} : { entropy: options.entropy }),
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
    const own = memory === null ? {} : { memory: { ...memory, ...namer(names, client) } };
    return runClient(
      { transport, state, clock, hash, trainer, adapters, describe, privacy, ...shared, ...own },
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

/** How a client names its updates. */
function namer(
  names: UpdateNames | null,
  { name: client }: SimulatedClient,
): Pick<NonNullable<ClientPorts["memory"]>, "name"> {
  return names === null ? {} : { name: (bytes, norm) => names.name(client, { bytes, norm }) };
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
