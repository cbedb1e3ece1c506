/** Which socket speaks for which client, and what has travelled. */
import type { ClientId } from "../ids.ts";
import type { Traffic } from "../store/store.ts";

/** A client that has said hello on a live connection. */
export interface Connected {
  readonly connection: string;
  readonly client: ClientId;
  readonly index: number;
}

/** The live connections of one run; a client's newest connection is the one that counts. */
export interface Connections {
  /** A connection says hello; {@link Connections.remove} forgets it. */
  greet(connection: string): void;
  /** Whether a connection that has said hello is still there. */
  isThere(connection: string): boolean;
  add(connected: Connected): Connected | null;
  remove(connection: string): Connected | null;
  byConnection(connection: string): Connected | undefined;
  byIndex(index: number): Connected | undefined;
  all(): Iterable<Connected>;
}

/** Makes an empty table. */
export function connectionTable(): Connections {
  const byConnection = new Map<string, Connected>();
  const byIndex = new Map<number, Connected>();
  const there = new Set<string>();
  return {
    greet(connection) {
      there.add(connection);
    },
    isThere: (connection) => there.has(connection),
    add(connected) {
      const before = byIndex.get(connected.index) ?? null;
      if (before !== null) byConnection.delete(before.connection);
      byConnection.set(connected.connection, connected);
      byIndex.set(connected.index, connected);
      return before !== null && before.connection !== connected.connection ? before : null;
    },
    remove(connection) {
      there.delete(connection);
      const connected = byConnection.get(connection) ?? null;
      if (connected === null) return null;
      byConnection.delete(connection);
      byIndex.delete(connected.index);
      return connected;
    },
    byConnection: (connection) => byConnection.get(connection),
    byIndex: (index) => byIndex.get(index),
    all: () => byConnection.values(),
  };
}

/** Counts bytes from one reset to the next. */
export interface TrafficMeter {
  count(kind: keyof Traffic, bytes: number): void;
  /** What was counted since the last `take`, and starts anew. */
  take(): Traffic;
}

/** Makes a meter at zero. */
export function trafficMeter(): TrafficMeter {
  const zero = { bytesUp: 0, bytesDown: 0, controlBytesUp: 0, controlBytesDown: 0 };
  let counts = { ...zero };
  return {
    count(kind, bytes) {
      counts[kind] += bytes;
    },
    take() {
      const taken = counts;
      counts = { ...zero };
      return taken;
    },
  };
}
