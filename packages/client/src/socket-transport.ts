/**
 * The client's end of a connection over socket.io, with blobs over HTTP on the same origin; for Node and browsers.
 *
 * Each control message is one event `message` that carries exactly the encoded text. On every connection the
 * coordinator first sends the event `key`, 256 random bits that authorise the blob requests of that connection alone,
 * and, once it has routed the hello, the event `run`. The key shows that a request belongs to a live connection; who the
 * client is it shows by its signature.
 */
import { FedtuneError, runId } from "@fedtune/core";
import type {
  ClientId,
  ClientTransport,
  ClientTransportEvents,
  Clock,
  Hash,
  RunId,
} from "@fedtune/core";
import { io } from "socket.io-client";
import type { Socket } from "socket.io-client";
import { blobTransfer } from "./blob-transfer.ts";
import type { Fetch } from "./blob-transfer.ts";
import { coordinatorTime } from "./identity/coordinator-time.ts";
import type { CoordinatorTime } from "./identity/coordinator-time.ts";
import type { ClientIdentity } from "./identity/identity.ts";
import { signedHandshake, signedHeaders } from "./identity/signed-request.ts";
import type { SignableRequest, SigningPorts } from "./identity/signed-request.ts";
import { reasonOf } from "./retry.ts";
import { refusalOf } from "./socket-refusal.ts";

/** Where the coordinator is, what the platform offers, and how patient this end is. */
export interface SocketTransportOptions {
  /** Origin of the coordinator: `http://host:port` or `https://host`. */
  readonly url: string;
  readonly clock: Clock;
  readonly hash: Hash;
  readonly fetch: Fetch;
  /** Signs the connection and every blob request; absent: the coordinator takes clients that show no key. */
  readonly signer?: Signer;
  /** Longest wait for the first connection; default 30 s. */
  readonly openTimeoutMs?: number;
  /** First pause before a lost connection is made again, doubling up to 20 times that; default 500 ms. */
  readonly reconnectMs?: number;
  /** Longest time for one attempt at a blob; default 5 minutes. */
  readonly transferTimeoutMs?: number;
  /** Attempts per blob; default 5. */
  readonly transferAttempts?: number;
}

/** A client of a run with its key. */
export interface Signer {
  readonly identity: ClientIdentity;
  readonly run: RunId;
  readonly client: ClientId;
  readonly ports: SigningPorts;
}

interface ServerEvents {
  message(text: unknown): void;
  key(key: unknown): void;
  run(run: unknown): void;
}

interface ClientEvents {
  message(text: string): void;
}

type Line = Socket<ServerEvents, ClientEvents>;

/** What the parts of one transport share. */
interface Link {
  readonly socket: Line;
  readonly clock: Clock;
  readonly reconnectMs: number;
  /** Null: nothing is signed. */
  readonly time: CoordinatorTime | null;
  /** Null while there is no connection. */
  key: string | null;
  run: RunId | null;
  /** Whether a connection has been there before. */
  opened: boolean;
  closed: boolean;
  lastError: string;
  /** Connections that the coordinator ended or refused in a row. */
  refusals: number;
  /** Between 0 and 1, from the last key's random bits: spreads the returns of many clients. */
  spread: number;
  /** Cancels a reconnection that socket.io does not do by itself. */
  cancelRetry: () => void;
}

/** Longest wait for the other side to take note of a close. */
const CLOSE_MS = 1_000;

/**
 * Makes the transport; nothing is opened yet.
 *
 * @throws FedtuneError `config-invalid` when `url` is no http origin
 */
export function socketTransport(options: SocketTransportOptions): ClientTransport {
  const origin = originOf(options.url);
  const { clock, hash, fetch, reconnectMs = 500 } = options;
  const [signer, time] = punctual(options.signer ?? null);
  const socket: Line = io(origin, {
    autoConnect: false,
    forceNew: true,
    transports: ["websocket"],
    timeout: 10_000,
    reconnectionDelay: reconnectMs,
    reconnectionDelayMax: 20 * reconnectMs,
    auth: (give) => {
      // Made anew for every connection: a coordinator takes each signature once.
      void handshakeOf(signer).then(give);
    },
  });
  const link: Link = {
    ...{ socket, clock, reconnectMs, time, key: null, run: null, opened: false, closed: false },
    ...{ lastError: "no answer", refusals: 0, spread: 0, cancelRetry: () => undefined },
  };
  const { transferTimeoutMs = 300_000, transferAttempts: attempts = 5 } = options;
  const blobs = blobTransfer({
    ...{ origin, fetch, clock, hash, transferTimeoutMs, attempts, backoffMs: reconnectMs },
    access: () => accessOf(link, origin),
    sign: (request) => signatureOf(signer, request),
    mayRetry: (error) => time?.learn(error) === true,
  });
  return {
    open: (events, signal) =>
      open(link, events, { signal, timeoutMs: options.openTimeoutMs ?? 30_000, origin }),
    send(message) {
      if (link.key !== null) socket.emit("message", message);
    },
    download: (ref, abort) => blobs.download(ref, abort),
    upload: (slot, blob, abort) => blobs.upload(slot, blob, abort),
    close: () => close(link),
  };
}

/** A signer by the coordinator's clock, and that clock. */
function punctual(signer: Signer | null): [Signer | null, CoordinatorTime | null] {
  if (signer === null) return [null, null];
  const time = coordinatorTime(signer.ports.wallTime);
  return [{ ...signer, ports: { ...signer.ports, wallTime: () => time.now() } }, time];
}

async function handshakeOf(signer: Signer | null): Promise<object> {
  return signer === null ? {} : signedHandshake(signer.identity, signer, signer.ports);
}

async function signatureOf(
  signer: Signer | null,
  request: Pick<SignableRequest, "method" | "path" | "bodyHash">,
): Promise<Record<string, string>> {
  if (signer === null) return {};
  const { identity, run, client, ports } = signer;
  return signedHeaders(identity, { ...request, run, client }, ports);
}

function originOf(url: string): string {
  const origin = /^https?:\/\/[^/?#\s]+(?=\/?$)/i.exec(url)?.[0];
  if (origin !== undefined) return origin;
  const message = `Cannot connect to "${url}": wanted an address like http://127.0.0.1:7777, without a path`;
  throw new FedtuneError("config-invalid", message, { data: { url } });
}

function accessOf({ key, run }: Link, origin: string): { key: string; run: RunId | null } {
  if (key !== null) return { key, run };
  throw new FedtuneError(
    "transport-closed",
    `Cannot reach ${origin}: the connection is being made again`,
  );
}

interface Opening {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly origin: string;
}

/** Resolves with the first key; rejects, and closes, at the deadline, an abort or a final refusal. */
function open(
  link: Link,
  events: ClientTransportEvents,
  { signal, timeoutMs, origin }: Opening,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      settle();
      void close(link).then(() => {
        reject(error instanceof Error ? error : new Error(String(error)));
      });
    };
    const abort = (): void => {
      fail(reasonOf(signal));
    };
    const cancel = link.clock.after(timeoutMs, () => {
      const message = `Cannot reach the coordinator at ${origin} within ${timeoutMs} ms: ${link.lastError}`;
      fail(new FedtuneError("timeout", message, { data: { url: origin, timeoutMs } }));
    });
    const settle = (): void => {
      cancel();
      signal.removeEventListener("abort", abort);
    };
    if (signal.aborted) {
      abort();
      return;
    }
    signal.addEventListener("abort", abort, { once: true });
    wire(link, events, {
      ready() {
        settle();
        resolve();
      },
      refused: fail,
    });
    link.socket.connect();
  });
}

interface FirstConnection {
  ready(): void;
  refused(error: FedtuneError): void;
}

function wire(link: Link, events: ClientTransportEvents, first: FirstConnection): void {
  const { socket } = link;
  socket.on("message", (text) => {
    events.message(typeof text === "string" ? text : "");
  });
  socket.on("run", (run) => {
    link.run = typeof run === "string" ? runId(run) : null;
  });
  socket.on("key", (key) => {
    if (typeof key !== "string" || link.closed) return;
    link.key = key;
    link.refusals = 0;
    link.spread = Number.parseInt(key.slice(0, 4), 16) / 0xffff;
    if (link.opened) {
      events.reconnected();
      return;
    }
    link.opened = true;
    first.ready();
  });
  socket.on("disconnect", (reason) => {
    const wasUp = link.key !== null;
    link.key = null;
    link.lastError = reason;
    if (wasUp) events.disconnected();
    if (reason === "io server disconnect") connectLater(link);
  });
  socket.on("connect_error", (error) => {
    link.lastError = error.message;
    const refusal = refusalOf(error);
    if (refusal === null) return;
    const isPunctual = link.time?.learn(refusal) !== true;
    if (!refusal.retryable && !link.opened && isPunctual) first.refused(refusal);
    else connectLater(link);
  });
}

/** socket.io makes a connection again after a fault, but not after the server's own no: that is done here. */
function connectLater(link: Link): void {
  link.cancelRetry();
  if (link.closed) return;
  const pause = link.reconnectMs * Math.min(20, 2 ** link.refusals) * (1 + link.spread);
  link.refusals += 1;
  link.cancelRetry = link.clock.after(pause, () => {
    link.socket.connect();
  });
}

/** Ends the connection for good; waits, not long, until the other side has taken note. */
async function close(link: Link): Promise<void> {
  if (link.closed) return;
  link.closed = true;
  link.key = null;
  link.cancelRetry();
  const { socket } = link;
  socket.off();
  const ended = socket.connected ? engineClosed(link) : null;
  socket.disconnect();
  await ended;
}

function engineClosed({ socket, clock }: Link): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(CLOSE_MS, resolve);
    socket.io.engine.once("close", () => {
      cancel();
      resolve();
    });
  });
}
