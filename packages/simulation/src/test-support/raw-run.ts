/** A run whose clients are played by hand, message by message, against coordinators that come and go. */
import { methods } from "@fedtune/aggregators";
import {
  adapterKinds,
  asFedtuneError,
  clientId,
  encodeMessage,
  encodeUpdate,
  memoryBlobs,
  memoryStore,
  openCoordinator,
  prepareRun,
  protocolVersion,
  resolveRun,
  runId,
  virtualClock,
} from "@fedtune/core";
import type {
  Blobs,
  ClientMessage,
  Coordinator,
  Digest,
  MessageOf,
  RunSetup,
  ServerMessage,
  ServerTransport,
  ServerTransportEvents,
  Store,
  VirtualClock,
} from "@fedtune/core";
import { mortalPorts, nodeHash, toyLayout } from "@fedtune/testkit";
import type { CallPoint, MortalPorts, Verdict } from "@fedtune/testkit";

const layout = toyLayout();
const modules = [
  { name: "a", in: 6, out: 5 },
  { name: "b", in: 4, out: 3 },
];

/** What a client was told about an update. */
export interface Answer {
  readonly index: number;
  readonly type: "accepted" | "refused";
  readonly round: number;
  readonly hash: Digest;
  readonly code: string | null;
}

/** One coordinator, dead or alive. */
export interface RawLife {
  readonly ports: MortalPorts;
  readonly coordinator: Coordinator;
  readonly events: ServerTransportEvents;
}

/** A client by hand. */
export interface RawClient {
  readonly index: number;
  /** Where it is connected; null: nowhere. */
  at: { readonly life: RawLife; readonly connection: string } | null;
  /** The last order that it got. */
  order: MessageOf<"order"> | null;
}

/** A run by hand. */
export interface RawRun {
  readonly setup: RunSetup;
  readonly store: Store;
  readonly blobs: Blobs;
  readonly clock: VirtualClock;
  readonly clients: readonly RawClient[];
  readonly answers: readonly Answer[];
  /** What the next write of a store meets, whichever coordinator's it is; `go` again once it was met. */
  fault: { readonly verdict: Verdict; readonly moment: CallPoint["moment"] } | null;
  /** The coordinator that was opened last. */
  life(): RawLife;
  /** Opens another one; those before live on, unless they were killed. */
  open(): Promise<RawLife>;
  /** Lets everything happen that needs no time to pass. */
  settle(): Promise<void>;
  join(client: RawClient): Promise<void>;
  say(client: RawClient, message: ClientMessage): Promise<void>;
  /** Uploads and announces an update; `variant` decides its bytes. */
  deliver(client: RawClient, update: { round: number; variant: number }): Promise<Digest>;
}

const numClients = 4;

/** The setup of every run by hand: all alike. */
function toySetup(rounds: object): RunSetup {
  const names = Array.from({ length: numClients }, (_, k) => `c${String(k)}`);
  const config = {
    name: "toy",
    task: { kind: "sequence-classification", labels: ["no", "yes"] },
    adapter: { rank: 2 },
    participants: names,
    rounds: { weightedBy: "uniform", ...rounds },
  };
  const resolved = resolveRun(config, { methods, kinds: adapterKinds }, nodeHash);
  const describe = () => ({ layout, modules });
  return prepareRun(runId("toy"), resolved, { describe, hash: nodeHash });
}

/** Makes a run by hand, with its first coordinator. */
export async function openRawRun(rounds: object = {}): Promise<RawRun> {
  const setup = toySetup(rounds);
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const clients = Array.from({ length: numClients }, (_, index): RawClient => ({
    ...{ index, at: null, order: null },
  }));
  const parts = { setup, store: memoryStore(), blobs: memoryBlobs(), clock: virtualClock(settle) };
  const answers: Answer[] = [];
  const lives: RawLife[] = [];
  const opened = { connections: 0 };
  const run: RawRun = {
    ...{ ...parts, clients, answers, fault: null },
    life() {
      const last = lives.at(-1);
      if (last === undefined) throw new RangeError("Cannot find a coordinator");
      return last;
    },
    async open() {
      const life = await openLife(run, answers);
      lives.push(life);
      await run.settle();
      return life;
    },
    async settle() {
      for (let turn = 0; turn < 3; turn++) await settle();
    },
    async join(client) {
      const life = run.life();
      const connection = `c${String(client.index)}#${String(opened.connections++)}`;
      client.at = { life, connection };
      const name = clientId(`c${String(client.index)}`);
      const hello = { protocol: protocolVersion, run: setup.id, client: name, software: "by hand" };
      await run.say(client, { type: "hello", ...hello });
      const { layoutHash, initialHash } = setup.tiers[0];
      const holds = { round: 0, hash: initialHash };
      await run.say(client, { type: "join", run: setup.id, layoutHash, holds, pending: null });
    },
    async say({ at }, message) {
      at?.life.events.message(at.connection, encodeMessage(message));
      await run.settle();
    },
    deliver: (client, update) => deliver(run, answers, { client, ...update }),
  };
  await run.open();
  return run;
}

async function openLife(run: RawRun, answers: Answer[]): Promise<RawLife> {
  const { setup, store, blobs, clock } = run;
  const heard: { events?: ServerTransportEvents } = {};
  const transport: ServerTransport = {
    listen: (listener) => (heard.events = listener),
    send(connection, text) {
      hear(run, answers, { connection, message: JSON.parse(text) as ServerMessage });
    },
    disconnect(connection) {
      for (const client of run.clients) {
        if (client.at?.connection === connection) client.at = null;
      }
    },
    close: () => Promise.resolve(),
  };
  const ports = mortalPorts({ store, blobs, transport }, (point) => verdictAt(run, point));
  const evaluate = ({ round }: { round: number }) => Promise.resolve({ loss: 1 / (round + 1) });
  const coordinator = await openCoordinator(setup, { ...ports, clock, hash: nodeHash, evaluate });
  void coordinator.run();
  const { events } = heard;
  if (events === undefined) throw new RangeError("Cannot go on: the coordinator does not listen");
  return { ports, coordinator, events };
}

const writes = ["openAttempt", "putUpdate", "endAttempt", "commitRound", "putEvaluation"];

function verdictAt(run: RawRun, { call, moment }: CallPoint): Verdict {
  const { fault } = run;
  if (fault === null || !writes.includes(call) || fault.moment !== moment) return "go";
  run.fault = null;
  return fault.verdict;
}

function hear(
  { clients }: RawRun,
  answers: Answer[],
  { connection, message }: { readonly connection: string; readonly message: ServerMessage },
): void {
  const client = clients.find(({ at }) => at?.connection === connection);
  if (client === undefined) return;
  const { index } = client;
  if (message.type === "order") client.order = message;
  if (message.type === "cancel" && client.order?.round === message.round) client.order = null;
  if (message.type === "accepted" || message.type === "refused") {
    const { type, round, hash } = message;
    answers.push({ index, type, round, hash, code: type === "refused" ? message.code : null });
  }
}

async function deliver(
  run: RawRun,
  answers: Answer[],
  update: { readonly client: RawClient; readonly round: number; readonly variant: number },
): Promise<Digest> {
  const { setup } = run;
  const { client, round, variant } = update;
  const bytes = updateBytes(setup, { round, value: client.index + 1 + variant / 8 });
  const hash = nodeHash.sha256(bytes);
  const { at, index } = client;
  if (at === null) return hash;
  const slot = { run: setup.id, round, client: clientId(`c${String(index)}`) };
  try {
    await at.life.events.upload(at.connection, slot, { bytes, hash });
  } catch (error) {
    const { code, retryable } = asFedtuneError(error);
    if (!retryable) answers.push({ index, type: "refused", round, hash, code });
    await run.settle();
    return hash;
  }
  const blob = { hash, bytes: bytes.length };
  const facts = { examples: 10 + index, metrics: { loss: variant } };
  await run.say(client, { type: "update", run: setup.id, round, blob, ...facts });
  return hash;
}

function updateBytes(
  { tiers: [{ layoutHash }] }: RunSetup,
  { round, value }: { readonly round: number; readonly value: number },
): Uint8Array {
  const start = new Float32Array(layout.size);
  const trained = start.slice().fill(value / 16);
  const roles = ["down", "up", "head"] as const;
  return encodeUpdate({ layout, layoutHash, round, roles, codec: "f32", start, trained }).bytes;
}
