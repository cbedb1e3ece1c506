/** What clients say and send, turned into engine events. */
import { asFedtuneError, FedtuneError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { Digest } from "../ids.ts";
import type { ServerTransportEvents } from "../ports.ts";
import { encodeMessage, parseClientMessage, protocolVersion } from "../protocol/messages.ts";
import type { ClientMessage, MessageOf, ServerMessage } from "../protocol/messages.ts";
import type { Connected } from "./connections.ts";
import { arrivalKey } from "./arrivals.ts";
import type { Context } from "./coordinator.ts";
import { giveBlob, takeUpload } from "./data-plane.ts";
import { heardEvaluated } from "./federated-evaluation.ts";
import { hasLostRun, isLoss } from "./loss.ts";
import { noteRefusal } from "./refusals.ts";
import { isKept, tellAccepted } from "./accepted.ts";
import { isInTime, maxStaleness } from "./staleness.ts";
import { runSpec, tierOf } from "./run-spec.ts";

/** The handlers that a transport calls; every failure is answered, none is thrown at the transport. */
export function clientEvents(context: Context): ServerTransportEvents {
  return {
    message(connection, text, said) {
      context.traffic.count("controlBytesUp", text.length);
      receive(context, connection, { text, said }).catch((error: unknown) => {
        sayGoodbye(context, connection, error);
      });
    },
    closed(connection) {
      const connected = context.connections.remove(connection);
      if (connected !== null)
        context.post({ type: "left", index: connected.index, forGood: false });
    },
    uploading(connection, { round }) {
      const { index } = known(context, connection);
      context.post({ type: "uploading", index, round });
    },
    received(connection, { received, total }) {
      const connected = context.connections.byConnection(connection);
      if (connected !== undefined) context.timeline.uploading(connected.index, { received, total });
    },
    async upload(connection, slot, blob) {
      await takeUpload(context, known(context, connection), { slot, blob });
    },
    async download(connection, hash) {
      return giveBlob(context, known(context, connection), hash);
    },
  };
}

/** A message as it came. */
interface Received {
  readonly text: string;
  /** What it encodes, where the transport handed it over. */
  readonly said: ClientMessage | undefined;
}

async function receive(
  context: Context,
  connection: string,
  { text, said }: Received,
): Promise<void> {
  if (hasLostRun(context.state())) {
    context.ports.transport.disconnect(connection);
    return;
  }
  // What a trainer has a say in is read as from anybody, wherever it comes from.
  const message = said?.type === "taken" ? said : parseClientMessage(text);
  if (message.type === "hello") return hello(context, connection, message);
  const connected = known(context, connection);
  if (message.run !== context.setup.id) {
    throw new FedtuneError(
      "run-unknown",
      `Cannot find run "${message.run}", expected "${context.setup.id}"`,
    );
  }
  return heard(context, connected, message);
}

async function heard(
  context: Context,
  connected: Connected,
  message: Exclude<ClientMessage, { type: "hello" }>,
): Promise<void> {
  const { index } = connected;
  switch (message.type) {
    case "join":
      return join(context, connected, message);
    case "taken": {
      const holds = await verifiedHolding(context, index, message.holds);
      const from = context.state().participants[index]?.holds ?? null;
      context.post({
        type: "taken",
        index,
        round: message.round,
        attempt: message.attempt,
        holds,
        from,
      });
      return;
    }
    case "progress":
      context.timeline.progress(index, message);
      return;
    case "declined": {
      noteRefusal(context, { index, ...message });
      context.post({
        type: "declined",
        index,
        round: message.round,
        attempt: message.attempt,
        code: message.code,
      });
      return;
    }
    case "update":
      return update(context, connected, message);
    case "evaluated": {
      const holds = await verifiedHolding(context, index, message.holds);
      heardEvaluated(context, index, { message, holds });
      return;
    }
    case "leave":
      context.connections.remove(connected.connection);
      context.post({ type: "left", index, forGood: true });
      return;
    default:
      throw new FedtuneError("internal", `Cannot hear ${JSON.stringify(message satisfies never)}`);
  }
}

async function hello(
  context: Context,
  connection: string,
  message: MessageOf<"hello">,
): Promise<void> {
  const { setup, ports, connections } = context;
  if (message.run !== null && message.run !== setup.id) {
    throw new FedtuneError(
      "run-unknown",
      `Cannot find run "${message.run}", expected "${setup.id}"`,
    );
  }
  const before = connections.byConnection(connection);
  if (before !== undefined && before.client !== message.client) {
    const text = `Cannot greet as "${message.client}": this connection speaks for "${before.client}"`;
    throw new FedtuneError("message-invalid", text);
  }
  connections.greet(connection);
  const { software, device = null } = message;
  const roster = setup.resolved.config.participants;
  const index = await ports.store.enrol(setup.id, message.client, { roster, software, device });
  // Closed meanwhile: the client may have said hello on another connection, which must not be replaced by this one.
  if (!connections.isThere(connection)) return;
  const replaced = connections.add({ connection, client: message.client, index });
  if (replaced !== null) {
    const code = "client-replaced";
    dismiss(context, replaced.connection, {
      code,
      message: `Another connection speaks for client "${message.client}" now`,
    });
  }
  context.send(index, {
    type: "welcome",
    protocol: protocolVersion,
    run: setup.id,
    client: message.client,
    index,
    spec: runSpec(context, index),
  });
}

async function join(
  context: Context,
  { index }: Connected,
  message: MessageOf<"join">,
): Promise<void> {
  const tier = tierOf(context, index);
  if (message.layoutHash !== tier.layoutHash) {
    const data = { layoutHash: message.layoutHash, expected: tier.layoutHash };
    throw new FedtuneError(
      "layout-mismatch",
      "Cannot join: the client's base model gives another adapter layout",
      { data },
    );
  }
  const { phase } = context.state();
  if (phase === "completed" || phase === "failed" || phase === "stopped") {
    context.send(index, {
      type: "finished",
      run: context.setup.id,
      status: phase,
      rounds: context.model.round,
    });
    return;
  }
  const holds = await verifiedHolding(context, index, message.holds);
  const isDone = await tellAccepted(context, index, message.pending);
  const pending = isDone ? null : (message.pending?.round ?? null);
  context.post({ type: "joined", index, rank: tier.rank, holds, pending });
}

/** The round that a client holds, if the hash that it names is that round's. */
async function verifiedHolding(
  context: Context,
  index: number,
  held: { readonly round: number; readonly hash: Digest } | null,
): Promise<number | null> {
  if (held === null) return null;
  const tier = tierOf(context, index);
  if (held.round === 0) return held.hash === tier.initialHash ? 0 : null;
  if (held.round === context.model.round)
    return held.hash === context.model.adapterHash(tier.rank) ? held.round : null;
  const row = await context.ports.store.getRound(context.setup.id, held.round);
  const then = row?.adapters.find(({ rank }) => rank === tier.rank);
  return then?.hash === held.hash ? held.round : null;
}

async function update(
  context: Context,
  { index }: Connected,
  message: MessageOf<"update">,
): Promise<void> {
  const { round, blob, examples, metrics } = message;
  const { hash } = blob;
  context.timeline.announced(index, message);
  const { rounds } = context.setup.resolved.config;
  const inTime = isInTime(context.state(), rounds, round);
  if (!inTime || maxStaleness(rounds) > 0) {
    if (await isKept(context, index, { round, hash })) {
      context.send(index, { type: "accepted", run: context.setup.id, round, hash });
      return;
    }
  }
  if (!inTime) {
    context.post({ type: "arrived", index, round, hash, problem: null });
    return;
  }
  try {
    const { bytes, norm } = await context.model.check(hash, { round, index });
    const { arrived } = context.round;
    const key = arrivalKey(index, hash);
    const ref = { hash, bytes };
    if (!arrived.has(key)) arrived.set(key, { round, blob: ref, examples, metrics, norm });
    context.post({ type: "arrived", index, round, hash, problem: null });
  } catch (error) {
    const { code } = asFedtuneError(error);
    // The store is at fault, not the update.
    if (isLoss(code)) throw error;
    context.post({ type: "arrived", index, round, hash, problem: code });
  }
}

function known(context: Context, connection: string): Connected {
  const connected = context.connections.byConnection(connection);
  if (connected === undefined) {
    throw new FedtuneError(
      "unknown-client",
      "Cannot take a message before hello: the connection is not enrolled",
    );
  }
  return connected;
}

/** What is the coordinator's own trouble ends the connection, so that its client tries again; all else ends the session. */
function sayGoodbye(context: Context, connection: string, error: unknown): void {
  const { code, message } = asFedtuneError(error);
  if (isLoss(code)) {
    context.ports.transport.disconnect(connection);
    return;
  }
  const connected = context.connections.remove(connection);
  if (connected !== null) context.post({ type: "left", index: connected.index, forGood: true });
  context.listener.refused?.({
    client: connected?.client ?? connection,
    code,
    message,
    round: null,
  });
  dismiss(context, connection, { code, message });
}

/** Tells a connection why it ends, and ends it. */
function dismiss(
  context: Context,
  connection: string,
  reason: { readonly code: ErrorCode; readonly message: string },
): void {
  const goodbye: ServerMessage = {
    type: "goodbye",
    ...reason,
    message: reason.message.slice(0, 2000),
  };
  const text = encodeMessage(goodbye);
  context.traffic.count("controlBytesDown", text.length);
  context.ports.transport.send(connection, text);
  context.ports.transport.disconnect(connection);
}
