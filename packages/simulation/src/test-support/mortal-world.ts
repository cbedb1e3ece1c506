/** A run whose coordinators come and go over one store, one set of blobs and one network; its clients stay. */
import { methods } from "@fedtune/aggregators";
import { memoryClientState, memoryLedgers, runClient } from "@fedtune/client";
import {
  adapterKinds,
  clientId,
  FedtuneError,
  float32Bytes,
  isFedtuneError,
  memoryBlobs,
  memoryNetwork,
  memoryStore,
  openCoordinator,
  prepareRun,
  resolveRun,
  runId,
  virtualClock,
} from "@fedtune/core";
import type {
  Blobs,
  Clock,
  ClientState,
  Coordinator,
  Digest,
  EvaluatedModel,
  EvaluationRow,
  MemoryNetwork,
  Metrics,
  Passage,
  RunEnd,
  RunSetup,
  ServerTransportEvents,
  Store,
  VirtualClock,
} from "@fedtune/core";
import type { Ledgers } from "@fedtune/client";
import { privacyRules, userLevelPrivacy } from "@fedtune/dp";
import { mortalPorts, nodeHash, toyData, toyLayout } from "@fedtune/testkit";
import type { CallPoint, MortalPorts, Verdict } from "@fedtune/testkit";
import { noisyToy } from "./noisy-toy.ts";

const layout = toyLayout();
const modules = [
  { name: "a", in: 6, out: 5 },
  { name: "b", in: 4, out: 3 },
];

/** What a world is made of. */
export interface MortalOptions {
  readonly clients?: number;
  /** Laid over the toy's config. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly store?: Store;
  readonly blobs?: Blobs;
  /** How long a client trains, in milliseconds of virtual time; by default no time at all. */
  readonly trainingMs?: (index: number) => number;
  /** When copies of a message arrive; by default one, after 5 ms. */
  readonly fate?: (passage: Passage) => readonly number[];
  /** Rounds whose central evaluation never ends. */
  readonly endlessEvaluations?: readonly number[];
}

/** Something that was sent, and when. */
export interface Heard extends Passage {
  readonly at: number;
}

/** An update that its client was told is accepted. */
export interface Acknowledged {
  readonly name: string;
  readonly round: number;
  readonly hash: Digest;
}

/** A run that outlives its coordinators. */
export interface MortalWorld {
  readonly setup: RunSetup;
  readonly clock: VirtualClock;
  readonly network: MemoryNetwork;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly names: readonly string[];
  /** Everything that was sent, in order. */
  readonly heard: readonly Heard[];
  /** Starts a client's process, or starts it again, over its own durable memory. */
  start(index: number): void;
  /** Opens a coordinator, which runs; one that lives on is not told. */
  open(verdict?: (point: CallPoint) => Verdict): ServedLife;
  acknowledged(): Acknowledged[];
  /** The trainings of all clients so far, as `client/round`. */
  readonly trained: readonly string[];
}

/** One coordinator's life. */
export interface ServedLife {
  readonly ports: MortalPorts;
  /** Null until it has opened. */
  coordinator(): Coordinator | null;
  /** How the run ended in this life; null: the process died first. */
  readonly end: Promise<RunEnd | null>;
}

/** What a run comes to, for comparison. */
export interface Outcome {
  readonly end: RunEnd | null;
  /** Hash of the adapter after the last round. */
  readonly adapter: Digest;
  readonly rounds: readonly {
    readonly round: number;
    readonly accepted: readonly number[];
    readonly state: Digest;
  }[];
  readonly evaluations: readonly Pick<EvaluationRow, "round" | "metrics">[];
}

/** Makes a world; nobody is there yet. */
export function mortalWorld(options: MortalOptions = {}): MortalWorld {
  const names = Array.from({ length: options.clients ?? 3 }, (_, k) => `c${String(k)}`);
  const resolved = resolveRun(
    configOf(names, options.config ?? {}),
    { methods, kinds: adapterKinds, privacy: privacyRules },
    nodeHash,
  );
  const setup = prepareRun(runId("toy"), resolved, {
    describe: () => ({ layout, modules }),
    hash: nodeHash,
  });
  const clock = virtualClock(() => new Promise((resolve) => setImmediate(resolve)));
  const heard: Heard[] = [];
  const fate = (passage: Passage): readonly number[] => {
    heard.push({ ...passage, at: clock.now() });
    return options.fate?.(passage) ?? [5];
  };
  const network = memoryNetwork({ clock, verify: nodeHash, fate });
  network.server.listen(nobody);
  const homes = names.map(() => ({ state: memoryClientState(), ledgers: memoryLedgers() }));
  const trained: string[] = [];
  const shared = { setup, clock, network, store: options.store ?? memoryStore() };
  const { trainingMs = () => 0, blobs = memoryBlobs(), endlessEvaluations = [] } = options;
  const world = { ...shared, blobs, names, heard, trained };
  const parts = { ...world, trainingMs, endlessEvaluations };
  return {
    ...world,
    start(index) {
      const home = homes[index];
      if (home === undefined) throw new RangeError(`Cannot start client ${String(index)}`);
      startClient(parts, index, home);
    },
    open: (verdict) => openLife(parts, verdict),
    acknowledged: () => heard.flatMap(acknowledgedBy),
  };
}

/**
 * Lets lives follow one another, each under its verdict, until the run ends; the last one is not disturbed. A life that
 * loses its run or its store is followed by the next one, as one that dies is.
 */
export async function liveThrough(
  world: MortalWorld,
  verdicts: readonly ((point: CallPoint) => Verdict)[] = [],
): Promise<Outcome> {
  for (const [index] of world.names.entries()) world.start(index);
  for (const verdict of [...verdicts, () => "go" as const]) {
    const life = world.open(verdict);
    const end = await world.clock.runUntil(life.end);
    if (end !== null && !hasLost(end)) return outcomeOf(world, life, end);
    for (const name of world.names) world.network.cut(name);
  }
  throw new RangeError("Cannot see the end: the last coordinator died as well");
}

/** Whether a coordinator could not go on with a run that can. */
function hasLost({ failure }: RunEnd): boolean {
  return failure?.code === "storage-failed" || failure?.code === "stale-epoch";
}

/** Reads what a run came to. */
export async function outcomeOf(
  { store, setup }: MortalWorld,
  life: ServedLife,
  end: RunEnd | null,
): Promise<Outcome> {
  const history = await store.getHistory(setup.id);
  const adapter = life.coordinator()?.adapter() ?? new Float32Array();
  const rounds = history?.rounds ?? [];
  return {
    end,
    adapter: nodeHash.sha256(float32Bytes(adapter)),
    rounds: rounds.map(({ round, accepted, state }) => ({ round, accepted, state: state.hash })),
    evaluations: (history?.evaluations ?? []).map(({ round, metrics }) => ({ round, metrics })),
  };
}

function configOf(names: readonly string[], over: Readonly<Record<string, unknown>>) {
  const rounds = { numRounds: 3, minAvailableClients: names.length, weightedBy: "uniform" };
  return {
    name: "toy",
    task: { kind: "sequence-classification", labels: ["no", "yes"] },
    adapter: { rank: 2 },
    training: { learningRate: 0.2, maxSteps: 5 },
    participants: [...names],
    ...over,
    rounds: { ...rounds, ...(over["rounds"] as object | undefined) },
  };
}

type Parts = Omit<MortalWorld, "start" | "open" | "acknowledged" | "trained"> & {
  readonly trained: string[];
};

function openLife(
  {
    setup,
    clock,
    network,
    store,
    blobs,
    endlessEvaluations,
  }: Parts & Required<Pick<MortalOptions, "endlessEvaluations">>,
  verdict?: (point: CallPoint) => Verdict,
): ServedLife {
  const ports = mortalPorts({ store, blobs, transport: network.server }, verdict);
  const evaluate = ({ adapter, round }: EvaluatedModel): Promise<Metrics> =>
    endlessEvaluations.includes(round)
      ? new Promise(() => undefined)
      : Promise.resolve({ loss: 1 / (round + 1), norm: Math.hypot(...adapter) });
  const privacy = userLevelPrivacy(setup.resolved.config, null);
  let coordinator: Coordinator | null = null;
  const running = openCoordinator(setup, { ...ports, clock, hash: nodeHash, evaluate, privacy });
  const ended = running.then((opened) => {
    coordinator = opened;
    return opened.run();
  });
  const end = Promise.race([ended.catch(lostAtOnce), ports.died.then(() => null)]);
  return { ports, coordinator: () => coordinator, end };
}

/** The store was not there when the run was to be opened. */
function lostAtOnce(error: unknown): RunEnd {
  if (!isFedtuneError(error, "storage-failed")) throw error;
  const { code, message } = error;
  return { status: "failed", failure: { code, message } };
}

/** What a client's processes have in common. */
interface Home {
  readonly state: ClientState;
  readonly ledgers: Ledgers;
}

function startClient(
  {
    network,
    clock,
    names,
    trained,
    trainingMs,
  }: Parts & Pick<Required<MortalOptions>, "trainingMs">,
  index: number,
  { state, ledgers }: Home,
): void {
  const name = names[index] ?? "";
  const ports = {
    ...{ state, clock, hash: nodeHash, transport: network.client(name) },
    trainer: noisyToy(layout, async (job, signal) => {
      trained.push(`${name}/${String(job.round)}`);
      const ms = trainingMs(index);
      if (ms > 0) await pause(clock, ms, signal);
    }),
    describe: () => Promise.resolve({ layout, modules }),
    privacy: {
      ...{ holder: name, dataset: name, budgetEpsilon: null, ledgers },
      time: () => new Date(clock.now()).toISOString(),
    },
  };
  const options = { client: clientId(name), run: null, data: toyData(index, 10), software: "test" };
  void runClient(ports, options).catch(() => undefined);
}

/** As long as training takes, or until it is called off. */
function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(ms, resolve);
    signal.addEventListener("abort", () => {
      cancel();
      reject(new FedtuneError("cancelled", "The training was called off"));
    });
  });
}

/** What the network reaches while no coordinator is there. */
const nobody: ServerTransportEvents = {
  message: () => undefined,
  closed: () => undefined,
  upload: () => Promise.reject(closed()),
  download: () => Promise.reject(closed()),
};

function closed(): FedtuneError {
  return new FedtuneError("transport-closed", "Cannot reach the coordinator: there is none");
}

function acknowledgedBy({ direction, name, message }: Passage): Acknowledged[] {
  if (direction === "up" || message === "") return [];
  const said = JSON.parse(message) as { type: string; round: number; hash: Digest };
  return said.type === "accepted" ? [{ name, round: said.round, hash: said.hash }] : [];
}
