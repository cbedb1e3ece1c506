/** One run's side of the hub: the ServerTransport that its coordinator holds. */
import { FedtuneError } from "@fedtune/core";
import type { ClientId, RunId, ServerTransport, ServerTransportEvents } from "@fedtune/core";

/** A live socket as run lines see it. */
export interface HubConnection {
  readonly id: string;
  /** Authorises this connection's blob requests. */
  readonly key: string;
  /** The run that its hello named; null before. */
  line: RunLine | null;
  /** Who signed its handshake; null: nobody had to. */
  readonly signedBy: { readonly run: RunId; readonly client: ClientId } | null;
  /** An upload is being read: one at a time per connection. */
  uploading: boolean;
  send(message: string): void;
  /** Tells the client which run its hello was routed to. */
  enrol(run: RunId): void;
  disconnect(): void;
}

/** A run as the hub routes to it. */
export interface RunLine {
  readonly run: RunId;
  /** The longest upload that any plan of the run can ask for. */
  readonly maxUploadBytes: number;
  readonly transport: ServerTransport;
  /** Null while no coordinator listens. */
  readonly events: ServerTransportEvents | null;
  readonly connections: Map<string, HubConnection>;
}

/** Makes the line of one run; `closed` is called when its coordinator closes it. */
export function runLine(
  run: RunId,
  options: { readonly maxUploadBytes: number; readonly closed: () => void },
): RunLine {
  const connections = new Map<string, HubConnection>();
  const { maxUploadBytes } = options;
  let events: ServerTransportEvents | null = null;
  const transport: ServerTransport = {
    listen(listener) {
      if (events !== null) throw new RangeError(`Cannot listen on run "${run}" twice`);
      events = listener;
    },
    send: (connection, message) => connections.get(connection)?.send(message),
    disconnect: (connection) => connections.get(connection)?.disconnect(),
    close() {
      events = null;
      options.closed();
      for (const connection of connections.values()) connection.disconnect();
      return Promise.resolve();
    },
  };
  return {
    ...{ run, maxUploadBytes, transport, connections },
    get events() {
      return events;
    },
  };
}

/**
 * The listener of a line.
 *
 * @throws FedtuneError `run-unknown` when its coordinator is gone
 */
export function listenerOf(line: RunLine): ServerTransportEvents {
  if (line.events !== null) return line.events;
  throw new FedtuneError("run-unknown", `Cannot reach run "${line.run}": it is closed`);
}
