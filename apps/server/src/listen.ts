/** Opening and closing a listening port. */
import { FedtuneError } from "@fedtune/core";
import type { Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** Where a server listens. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
  /** What a client is given. */
  readonly url: string;
}

/**
 * Listens; port 0 takes a free one.
 *
 * @throws FedtuneError `port-in-use`, or `config-invalid` for an address that this machine cannot listen on
 */
// eslint-disable-next-line max-params -- host and port belong together, and the scheme to them
export async function listen(
  server: Server,
  host: string,
  port: number,
  isSecure = false,
): Promise<ServerAddress> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      reject(listenError(error, host, port));
    };
    server.once("error", fail);
    server.listen(port, host, () => {
      server.off("error", fail);
      resolve();
    });
  });
  const { port: actual } = server.address() as AddressInfo;
  const shown = host.includes(":") ? `[${host}]` : host;
  return { host, port: actual, url: `${isSecure ? "https" : "http"}://${shown}:${actual}` };
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): FedtuneError {
  const options = { data: { host, port }, cause: error };
  if (error.code === "EADDRINUSE") {
    const message = `Cannot listen on ${host}:${port}: the port is in use; stop the other program or choose another port`;
    return new FedtuneError("port-in-use", message, options);
  }
  return new FedtuneError(
    "config-invalid",
    `Cannot listen on ${host}:${port}: ${error.message}`,
    options,
  );
}

/** Makes the function that closes a server, once: runs `close`, and after `timeoutMs` cuts what is still open. */
export function closer(
  server: Server,
  timeoutMs: number,
  close: () => Promise<void>,
): () => Promise<void> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  let closing: Promise<void> | null = null;
  return () => (closing ??= closeWithin());

  async function closeWithin(): Promise<void> {
    const timer = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, timeoutMs);
    server.closeIdleConnections();
    try {
      await close();
    } finally {
      clearTimeout(timer);
    }
  }
}
