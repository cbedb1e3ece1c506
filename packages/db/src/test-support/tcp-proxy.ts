/** A line to a database that can be cut, and that can go silent. */
import { connect, createServer } from "node:net";
import type { AddressInfo, NetConnectOpts, Socket } from "node:net";

/** A proxy on this machine. */
export interface TcpProxy {
  readonly port: number;
  /** Ends every connection at once. */
  cut(): void;
  /** Ends a connection at every nth piece that travels, in turns before and after it is passed on; 0: never. */
  cutEvery(pieces: number): void;
  /** While it lasts nothing passes, not even the end of a connection. */
  silence(isSilent: boolean): void;
  /** How many connections were ended. */
  readonly cuts: number;
  close(): Promise<void>;
}

/** Opens a line to `target`. */
export async function openProxy(target: NetConnectOpts): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  const state = { every: 0, pieces: 0, cuts: 0, isSilent: false };
  const end = (pair: readonly [Socket, Socket]): void => {
    if (!pairs.delete(pair)) return;
    for (const socket of pair) socket.destroy();
  };
  const pass = (pair: readonly [Socket, Socket], [from, to]: readonly [Socket, Socket]): void => {
    from.on("data", (piece) => {
      if (state.isSilent) return;
      const isCut = state.every > 0 && ++state.pieces % state.every === 0;
      if (isCut) state.cuts++;
      if (!isCut || state.cuts % 2 === 0) to.write(piece);
      // What was passed on is to arrive before the line ends.
      if (isCut) setTimeout(end, 2, pair);
    });
    from.on("error", () => undefined);
    from.on("close", () => {
      if (!state.isSilent) end(pair);
    });
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const database = connect(target);
    const pair = [client, database] as const;
    pairs.add(pair);
    pass(pair, [client, database]);
    pass(pair, [database, client]);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const pair of [...pairs]) end(pair);
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    cutEvery(pieces) {
      state.every = pieces;
    },
    silence(isSilent) {
      state.isSilent = isSilent;
      if (!isSilent) cut();
    },
    get cuts() {
      return state.cuts;
    },
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
