/** What the transport suite needs of an implementation, and the coordinator that it puts behind it. */
import { FedtuneError } from "@fedtune/core";
import type {
  ClientTransport,
  ClientTransportEvents,
  Digest,
  RunId,
  ServerTransport,
  ServerTransportEvents,
} from "@fedtune/core";
import { mailbox } from "../mailbox.ts";

/** Both ends of one transport. */
export interface TransportBench {
  /** The run that hellos name. */
  readonly run: RunId;
  readonly server: ServerTransport;
  client(name: string): ClientTransport;
  /** Cuts a client's connection, as a fault on the way would. */
  cut(name: string): void;
  /** Closes both ends. */
  close(): Promise<void>;
}

/** The largest update that the suite's coordinator takes. */
export const mostBytes = 1000;

/** A coordinator that records what it hears and keeps what it is sent. */
export function recorder() {
  const blobs = new Map<Digest, Uint8Array>();
  const slots = new Map<string, Digest>();
  const messages = mailbox<{ connection: string; text: string }>();
  const closed = mailbox<string>();
  const downloads: string[] = [];
  const events: ServerTransportEvents = {
    message: (connection, text) => {
      messages.put({ connection, text });
    },
    closed: (connection) => {
      closed.put(connection);
    },
    async upload(_connection, { run, round, client }, { bytes, hash }) {
      if (bytes.length > mostBytes) {
        const data = { bytes: bytes.length, most: mostBytes };
        throw new FedtuneError("update-too-large", "Cannot take so large an update", { data });
      }
      const slot = `${run}/${round}/${client}`;
      if (slots.has(slot) && slots.get(slot) !== hash) {
        throw new FedtuneError("update-conflict", "Cannot take other bytes for the same slot");
      }
      slots.set(slot, hash);
      blobs.set(hash, Uint8Array.from(bytes));
    },
    async download(connection, hash) {
      downloads.push(connection);
      const bytes = blobs.get(hash);
      if (bytes === undefined) throw new FedtuneError("blob-missing", `Cannot find blob ${hash}`);
      return bytes;
    },
  };
  return { events, messages, closed, blobs, slots, downloads };
}

/** What a client's end has heard. */
export function ears() {
  const messages = mailbox<string>();
  const line = mailbox<"disconnected" | "reconnected">();
  const events: ClientTransportEvents = {
    message: (text) => {
      messages.put(text);
    },
    disconnected: () => {
      line.put("disconnected");
    },
    reconnected: () => {
      line.put("reconnected");
    },
  };
  return { events, messages, line };
}
