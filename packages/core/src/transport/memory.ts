/**
 * A network inside one process: the same encoded messages and the same blobs as over sockets, under full control.
 *
 * Every message is text that the receiver parses, unless the network hands over what it encodes; loss, delay, duplication and reordering are decided by a function.
 */
import { asFedtuneError, FedtuneError } from "../errors.ts";
import type {
  BlobRef,
  ClientTransport,
  ClientTransportEvents,
  Clock,
  Hash,
  ServerTransport,
  ServerTransportEvents,
} from "../ports.ts";
import type { Fate, MemoryNetworkOptions, Passage, Transfer } from "./memory-options.ts";

/** Both ends of the network. */
export interface MemoryNetwork {
  readonly server: ServerTransport;
  /** A client's end; `name` is what {@link Passage} and {@link MemoryNetwork.cut} call it. */
  client(name: string): ClientTransport;
  /** Cuts a client's connection; it comes back by itself after `reconnectMs`, or never when `forGood`. */
  cut(name: string, forGood?: boolean): void;
  /** Keeps a client away, whether it has connected before or not, until it is released. */
  hold(name: string): void;
  /** Lets a held client connect (again), at once. */
  release(name: string): void;
}

interface Line {
  readonly name: string;
  connection: string;
  events: ClientTransportEvents | null;
  open: boolean;
  /** Ends an `open` that waits for the client's release. */
  opened: (() => void) | null;
  /** Breaks off transfers under way. */
  readonly transfers: Set<() => void>;
}

/** Makes a network of one coordinator and any number of clients. */
export function memoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  const wires = stretchWires(options);
  const { lines, cut, held, connect } = wires;
  return {
    server: serverEnd(wires),
    client(name) {
      const line: Line = {
        ...{ name, connection: "", events: null, open: false, opened: null },
        transfers: new Set(),
      };
      lines.set(name, line);
      return clientEnd(line, wires);
    },
    cut(name, forGood = false) {
      const line = lines.get(name);
      if (line !== undefined) cut(line, forGood);
    },
    hold(name) {
      held.add(name);
      const line = lines.get(name);
      if (line !== undefined) cut(line, true);
    },
    release(name) {
      const line = lines.get(name);
      if (!held.delete(name) || line === undefined || line.open || line.events === null) return;
      connect(line);
      if (line.opened === null) line.events.reconnected();
      else line.opened();
    },
  };
}

/** What both ends share. */
interface Wires {
  readonly lines: Map<string, Line>;
  readonly byConnection: Map<string, Line>;
  /** Names of clients that are kept away. */
  readonly held: Set<string>;
  readonly verify: Hash | null;
  readonly handsOver: boolean;
  /** The coordinator's handlers. */
  readonly server: () => ServerTransportEvents;
  readonly listen: (events: ServerTransportEvents | null) => void;
  readonly pass: (passage: Passage, deliver: () => void) => void;
  readonly connect: (line: Line) => void;
  readonly hangUp: (line: Line) => void;
  readonly cut: (line: Line, forGood: boolean) => void;
  /** Lets a blob's time pass; rejects when the connection is cut or the signal aborts meanwhile. */
  readonly carry: (
    line: Line,
    blob: Omit<Transfer, "name">,
    signal: AbortSignal,
  ) => Promise<void> | undefined;
}

const atOnce: Fate = [0];
const ready = Promise.resolve();

function stretchWires(options: MemoryNetworkOptions): Wires {
  const byConnection = new Map<string, Line>();
  const held = new Set<string>();
  const { transferMs } = options;
  let listener: ServerTransportEvents | null = null;
  let connections = 0;
  const connect = (line: Line): void => {
    line.connection = `${line.name}#${connections++}`;
    line.open = true;
    byConnection.set(line.connection, line);
  };
  const hangUp = (line: Line): void => {
    if (!line.open) return;
    line.open = false;
    byConnection.delete(line.connection);
    for (const breakOff of line.transfers) breakOff();
    listener?.closed(line.connection);
  };
  return {
    lines: new Map(),
    byConnection,
    held,
    verify: options.verify ?? null,
    handsOver: options.handsOver ?? false,
    connect,
    hangUp,
    server() {
      if (listener !== null) return listener;
      throw new FedtuneError("transport-closed", "Cannot reach the coordinator: nobody listens");
    },
    listen(events) {
      listener = events;
    },
    pass(passage, deliver) {
      for (const delay of options.fate?.(passage) ?? atOnce) {
        if (delay === 0) void ready.then(deliver);
        else options.clock.after(delay, deliver);
      }
    },
    cut(line, forGood) {
      if (!line.open) return;
      hangUp(line);
      line.events?.disconnected();
      if (forGood) return;
      options.clock.after(options.reconnectMs ?? 1000, () => {
        if (line.open || line.events === null || held.has(line.name)) return;
        connect(line);
        line.events.reconnected();
      });
    },
    carry(line, blob, signal) {
      const ms = transferMs?.({ ...blob, name: line.name }) ?? 0;
      return ms > 0 ? transfer(line, { clock: options.clock, ms, signal }) : undefined;
    },
  };
}

function transfer(
  line: Line,
  {
    clock,
    ms,
    signal,
  }: { readonly clock: Clock; readonly ms: number; readonly signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (outcome: () => void): void => {
      stop();
      line.transfers.delete(breakOff);
      signal.removeEventListener("abort", abort);
      outcome();
    };
    const stop = clock.after(ms, () => {
      end(resolve);
    });
    const breakOff = (): void => {
      end(() => {
        reject(cutOff(line.name));
      });
    };
    const abort = (): void => {
      end(() => {
        reject(asFedtuneError(signal.reason));
      });
    };
    line.transfers.add(breakOff);
    signal.addEventListener("abort", abort, { once: true });
  });
}

function cutOff(name: string): FedtuneError {
  return new FedtuneError("transport-closed", `Cannot reach the coordinator: "${name}" is cut off`);
}

function serverEnd({ lines, byConnection, handsOver, listen, pass, cut }: Wires): ServerTransport {
  return {
    listen,
    send(connection, message, said) {
      const line = byConnection.get(connection);
      if (line === undefined) return;
      const handed = handsOver ? said : undefined;
      pass({ direction: "down", name: line.name, message }, () => {
        if (line.open && line.connection === connection) line.events?.message(message, handed);
      });
    },
    disconnect(connection) {
      const line = byConnection.get(connection);
      if (line === undefined) return;
      // As over sockets: a client that was not told why comes back.
      pass({ direction: "down", name: line.name, message: "" }, () => {
        if (line.connection === connection) cut(line, false);
      });
    },
    close() {
      for (const line of lines.values()) cut(line, true);
      listen(null);
      return Promise.resolve();
    },
  };
}

function clientEnd(line: Line, wires: Wires): ClientTransport {
  const requireOpen = (): void => {
    if (!line.open) throw cutOff(line.name);
  };
  return {
    open(events) {
      line.events = events;
      if (wires.held.has(line.name)) return waitForRelease(line);
      wires.connect(line);
      return Promise.resolve();
    },
    send(message, said) {
      if (!line.open) return;
      const { connection } = line;
      const handed = wires.handsOver ? said : undefined;
      wires.pass({ direction: "up", name: line.name, message }, () => {
        if (line.open && line.connection === connection)
          wires.server().message(connection, message, handed);
      });
    },
    async download(ref, signal) {
      signal.throwIfAborted();
      requireOpen();
      const bytes = await wires.server().download(line.connection, ref.hash);
      const carrying = wires.carry(line, { direction: "down", bytes: bytes.length }, signal);
      if (carrying !== undefined) await carrying;
      checkBlob(bytes, ref, wires.verify);
      return bytes;
    },
    async upload(slot, blob, signal) {
      signal.throwIfAborted();
      requireOpen();
      checkBlob(blob.bytes, { hash: blob.hash, bytes: blob.bytes.length }, wires.verify);
      const carrying = wires.carry(line, { direction: "up", bytes: blob.bytes.length }, signal);
      if (carrying !== undefined) {
        wires.server().uploading?.(line.connection, slot);
        await carrying;
      }
      await wires.server().upload(line.connection, slot, blob);
    },
    close() {
      wires.hangUp(line);
      line.events = null;
      return Promise.resolve();
    },
  };
}

/** A client that is kept away opens its connection when it is released. */
function waitForRelease(line: Line): Promise<void> {
  return new Promise((resolve) => {
    line.opened = () => {
      line.opened = null;
      resolve();
    };
  });
}

function checkBlob(bytes: Uint8Array, ref: BlobRef, verify: Hash | null): void {
  if (bytes.length === ref.bytes && (verify === null || verify.sha256(bytes) === ref.hash)) return;
  throw new FedtuneError(
    "blob-corrupt",
    `Cannot use blob ${ref.hash}: its ${String(bytes.length)} bytes do not match`,
  );
}
