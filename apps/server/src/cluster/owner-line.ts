/** The line of a run at the process that owns it: clients of all processes, as one transport for the coordinator. */
import { FedtuneError } from "@fedtune/core";
import type { Blobs, RunId, ServerTransport, ServerTransportEvents } from "@fedtune/core";
import type { z } from "zod";
import type { RunLine } from "../run-line.ts";
import type { asked, Told, told } from "./relay-messages.ts";

/** What an owner needs. */
export interface OwnerPorts {
  readonly blobs: Blobs;
  /** Tells one process, or all others. */
  readonly tell: (to: string | null, message: Told) => void;
  /** Called once, as the line is closed. */
  readonly left: () => void;
}

/** A run at its owner. */
export interface OwnerLine {
  /** The hub's line, with the connections of other processes besides its own. */
  readonly line: RunLine;
  /** What the process of a connection tells. */
  heard(from: string, message: z.output<typeof told>): void;
  /** What it asks. @throws FedtuneError what the coordinator throws, `transport-closed` before it listens */
  asked(from: string, message: z.output<typeof asked>): Promise<unknown>;
  /** The connections of a process are gone with it. */
  lostProcess(process: string): void;
  /** Messages may be lost: all connections of other processes begin anew. */
  interrupted(): void;
  /** Ends the line here; other processes wait for the next owner. */
  leave(): void;
}

interface State {
  readonly run: RunId;
  readonly local: ServerTransport;
  readonly ports: OwnerPorts;
  /** By process, the connections that have spoken. */
  readonly remote: Map<string, Set<string>>;
  /** Here, connections that spoke before the coordinator listened. */
  readonly early: Set<string>;
  events: ServerTransportEvents | null;
  closed: boolean;
}

/** Puts the owner's end on a line that nobody listens on yet. */
export function ownerLine(local: RunLine, ports: OwnerPorts): OwnerLine {
  const { run, maxUploadBytes, connections } = local;
  const state: State = {
    ...{
      run,
      local: local.transport,
      ports,
      remote: new Map(),
      early: new Set(),
      events: null,
      closed: false,
    },
  };
  local.transport.listen(localEvents(state));
  const transport = transportOf(state);
  return {
    line: {
      ...{ run, maxUploadBytes, connections, transport },
      get events() {
        return local.events;
      },
    },
    heard: (from, message) => {
      heard(state, from, message);
    },
    asked: (from, message) => answer(state, { maxUploadBytes }, { from, message }),
    lostProcess(process) {
      for (const connection of state.remote.get(process) ?? [])
        state.events?.closed(nameOf(process, connection));
      state.remote.delete(process);
    },
    interrupted() {
      for (const name of remoteNames(state)) {
        transport.disconnect(name);
        state.events?.closed(name);
      }
      state.remote.clear();
      ports.tell(null, { type: "owned", run, maxUploadBytes });
    },
    leave() {
      void transport.close();
    },
  };
}

/** A connection of another process as the coordinator names it; a socket's own name has no slash. */
function nameOf(process: string, connection: string): string {
  return `${process}/${connection}`;
}

function remoteNames({ remote }: State): string[] {
  return [...remote].flatMap(([process, all]) => [...all].map((one) => nameOf(process, one)));
}

/** The listener, once there is one. @throws FedtuneError `transport-closed`: the client tries again */
function listening({ run, events }: State): ServerTransportEvents {
  if (events !== null) return events;
  throw new FedtuneError("transport-closed", `Cannot reach run "${run}": it is being opened`);
}

function localEvents(state: State): ServerTransportEvents {
  return {
    message(connection, text) {
      if (state.events === null) state.early.add(connection);
      else state.events.message(connection, text);
    },
    closed(connection) {
      state.early.delete(connection);
      state.events?.closed(connection);
    },
    uploading: (connection, slot) => listening(state).uploading?.(connection, slot),
    received: (connection, upload) => state.events?.received?.(connection, upload),
    upload: async (connection, slot, blob) => listening(state).upload(connection, slot, blob),
    download: async (connection, hash) => listening(state).download(connection, hash),
  };
}

function transportOf(state: State): ServerTransport {
  const { run, local, ports } = state;
  const passOn = (name: string, here: () => void, message: (connection: string) => Told): void => {
    const [process = "", connection] = name.split("/");
    if (connection === undefined) here();
    else ports.tell(process, message(connection));
  };
  return {
    listen(events) {
      if (state.events !== null) throw new RangeError(`Cannot listen on run "${run}" twice`);
      state.events = events;
      // Who spoke before was not heard: a new connection says hello anew, at once.
      for (const connection of state.early) local.disconnect(connection);
      state.early.clear();
    },
    send(name, text) {
      passOn(
        name,
        () => local.send(name, text),
        (connection) => ({ type: "send", run, connection, text }),
      );
    },
    disconnect(name) {
      passOn(
        name,
        () => local.disconnect(name),
        (connection) => ({ type: "disconnect", run, connection }),
      );
    },
    close() {
      if (state.closed) return Promise.resolve();
      state.closed = true;
      state.events = null;
      state.remote.clear();
      ports.tell(null, { type: "left", run });
      const closed = local.close();
      ports.left();
      return closed;
    },
  };
}

function heard(state: State, from: string, message: z.output<typeof told>): void {
  const all = state.remote.get(from) ?? new Set();
  if (message.type === "message") {
    if (state.events === null) {
      state.ports.tell(from, {
        type: "disconnect",
        run: state.run,
        connection: message.connection,
      });
      return;
    }
    state.remote.set(from, all.add(message.connection));
    state.events.message(nameOf(from, message.connection), message.text);
  }
  if (message.type === "closed" && all.delete(message.connection)) {
    if (all.size === 0) state.remote.delete(from);
    state.events?.closed(nameOf(from, message.connection));
  }
}

async function answer(
  state: State,
  facts: { readonly maxUploadBytes: number },
  { from, message }: { readonly from: string; readonly message: z.output<typeof asked> },
): Promise<unknown> {
  if (message.type === "describe") return facts;
  const events = listening(state);
  const name = nameOf(from, message.connection);
  switch (message.type) {
    case "uploading":
      events.uploading?.(name, message.slot);
      return null;
    case "upload": {
      // What the other process has just put there.
      const bytes = await state.ports.blobs.get(message.hash);
      await events.upload(name, message.slot, { bytes, hash: message.hash });
      return null;
    }
    case "download":
      await events.download(name, message.hash);
      return null;
    default:
      throw new RangeError(`Cannot answer ${JSON.stringify(message satisfies never)}`);
  }
}
