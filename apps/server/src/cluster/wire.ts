/** How processes of one cluster reach each other: short texts, in order from one to another, at most once. */

/** One process' end of the wire. */
export interface Wire {
  /** The name of this process. */
  readonly self: string;
  /** Sends a well-formed text to one process, or to all others (null); nothing when it is not there. */
  send(to: string | null, text: string): void;
  /** Registers the listener; called once. */
  listen(listener: WireListener): void;
  /**
   * Resolves when texts can go out.
   *
   * @throws FedtuneError why they cannot
   */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** What a wire tells. */
export interface WireListener {
  heard(from: string, text: string): void;
  /** The wire was cut and is whole again: texts in both directions may be lost. */
  interrupted(): void;
}

/** Wires in one process' memory, for tests. */
export interface WireHub {
  wire(self: string): Wire;
  /** As if that process were gone: it neither hears nor speaks. */
  cut(self: string): void;
}

/** Makes a hub; texts arrive in a later microtask. */
export function memoryWires(): WireHub {
  const ends = new Map<string, WireListener | null>();
  return {
    wire(self) {
      ends.set(self, null);
      return {
        self,
        send(to, text) {
          if (!ends.has(self)) return;
          const targets = to === null ? [...ends.keys()].filter((name) => name !== self) : [to];
          for (const target of targets) {
            queueMicrotask(() => ends.get(target)?.heard(self, text));
          }
        },
        listen: (listener) => ends.set(self, listener),
        check: () => Promise.resolve(),
        close() {
          ends.delete(self);
          return Promise.resolve();
        },
      };
    },
    cut: (self) => ends.delete(self),
  };
}
