/**
 * The coordinators' end of all client connections over socket.io: keys, routing by hello, and bounds.
 *
 * A connection gets a random 256-bit key at once (event `key`), says hello within a deadline, and belongs from then on
 * to the run that its hello named (event `run`). The key ties blob requests to a live connection; who a client is shows
 * the signature of its handshake, where there is an admission that asks for one.
 */
import {
  encodeMessage,
  FedtuneError,
  isFedtuneError,
  maxMessageLength,
  parseClientMessage,
} from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import type { Server as HttpServer } from "node:http";
import { Server as SocketServer } from "socket.io";
import type { Socket } from "socket.io";
import { checkOrigin } from "./headers.ts";
import type { AdmittedData } from "./security/socket-admission.ts";
import { tokenBucket } from "./limits.ts";
import { listenerOf, runLine } from "./run-line.ts";
import type { HubConnection, RunLine } from "./run-line.ts";
import type { HubOptions, SocketHub } from "./socket-hub.ts";

interface ServerEvents {
  message(text: string): void;
  key(key: string): void;
  run(run: RunId): void;
}

type Line = Socket<Record<string, never>, ServerEvents, Record<string, never>, AdmittedData>;

interface Hub extends HubOptions {
  readonly lines: Map<RunId, RunLine>;
  readonly byKey: Map<string, HubConnection>;
  /** Settles as each connection's socket is gone. */
  readonly sockets: Set<Promise<void>>;
}

/** Puts the hub on an HTTP server. */
export function socketHub(server: HttpServer, options: HubOptions): SocketHub {
  const hub: Hub = { ...options, lines: new Map(), byKey: new Map(), sockets: new Set() };
  const io = new SocketServer<
    Record<string, never>,
    ServerEvents,
    Record<string, never>,
    AdmittedData
  >(server, {
    serveClient: false,
    transports: ["websocket"],
    connectTimeout: options.limits.helloTimeoutMs,
    // A UTF-16 unit takes up to three bytes; quotes inside the text are escaped.
    maxHttpBufferSize: 4 * maxMessageLength,
    allowRequest: (request, answer) => {
      void options.ready.then(() => {
        answer(null, admits(request.headers, options));
      });
    },
  });
  io.use((socket, next) => {
    next(refusalOf(hub, socket));
  });
  const { admission = null } = options;
  if (admission !== null) {
    io.use(admission.use);
    admission.opened(io);
  }
  io.on("connection", (socket) => {
    admission?.connected(socket);
    greet(hub, socket);
  });
  return {
    add(run, maxUploadBytes) {
      if (hub.lines.has(run))
        throw new FedtuneError("usage", `Cannot open run "${run}": it is open already`);
      const line = runLine(run, { maxUploadBytes, closed: () => hub.lines.delete(run) });
      hub.lines.set(run, line);
      return line;
    },
    authorise: (key, run) => authorise(hub, key, run),
    of: (name) => io.of(name),
    connections: () => hub.byKey.size,
    farewell() {
      for (const connection of hub.byKey.values()) connection.disconnect();
    },
    async close() {
      io.disconnectSockets(true);
      await Promise.all(hub.sockets);
      await io.close();
    },
  };
}

function admits(
  headers: Parameters<typeof checkOrigin>[0],
  { hosts, origins }: Pick<HubOptions, "hosts" | "origins">,
): boolean {
  try {
    checkOrigin(headers, hosts, origins?.());
    return true;
  } catch {
    return false;
  }
}

/** Why no further connection is taken; undefined: it is. */
function refusalOf({ byKey, limits, log }: Hub, socket: Line): Error | undefined {
  if (byKey.size < limits.maxConnections) return undefined;
  log.dismissed(socket.id, "rate-limited");
  const message = `Cannot take another connection: ${byKey.size} are open`;
  return Object.assign(new Error(message), { data: { code: "rate-limited" } });
}

function greet(hub: Hub, socket: Line): void {
  const connection = enter(hub, socket);
  const { limits, clock, log, byKey } = hub;
  const allowed = tokenBucket(clock, {
    burst: limits.messageBurst,
    perSecond: limits.messagesPerSecond,
  });
  const silence = clock.after(limits.helloTimeoutMs, () => {
    const message = `Cannot keep a connection that said no hello within ${limits.helloTimeoutMs} ms`;
    dismiss(hub, connection, new FedtuneError("timeout", message));
  });
  socket.onAny((event: unknown, text: unknown) => {
    try {
      if (!allowed())
        throw new FedtuneError("rate-limited", "Cannot take so many messages in so short a time");
      hear(hub, connection, { event, text });
      silence();
    } catch (error) {
      void turnAway(hub, connection, error);
    }
  });
  socket.on("disconnect", () => {
    silence();
    byKey.delete(connection.key);
    log.disconnected(connection.id, connection.line?.run ?? null);
    connection.line?.connections.delete(connection.id);
    connection.line?.events?.closed(connection.id);
  });
}

/** Gives a socket its key and a place among the connections. */
function enter(hub: Hub, socket: Line): HubConnection {
  const key = Buffer.from(hub.entropy.bytes(32)).toString("hex");
  const connection: HubConnection = {
    ...{ id: socket.id, key, line: null, uploading: false, signedBy: socket.data.client ?? null },
    send: (message) => socket.emit("message", message),
    enrol: (run) => socket.emit("run", run),
    disconnect: () => socket.disconnect(true),
  };
  const gone = new Promise<void>((resolve) => {
    socket.conn.once("close", () => {
      resolve();
    });
  });
  hub.sockets.add(gone);
  void gone.then(() => hub.sockets.delete(gone));
  hub.byKey.set(key, connection);
  hub.log.connected(connection.id);
  socket.emit("key", key);
  return connection;
}

/** Hands an event to the coordinator of its connection's run; the first one decides which run that is. */
function hear(
  hub: Hub,
  connection: HubConnection,
  { event, text }: { readonly event: unknown; readonly text: unknown },
): void {
  if (event !== "message" || typeof text !== "string") {
    throw new FedtuneError(
      "message-invalid",
      "Cannot read an event: wanted `message` with one text",
    );
  }
  if (connection.line === null) {
    connection.line = route(hub, connection, text);
    connection.line.connections.set(connection.id, connection);
    connection.enrol(connection.line.run);
  }
  listenerOf(connection.line).message(connection.id, text);
}

/** The run that a first message asks for; its error names it in `data.run`. */
function route({ lines }: Hub, { signedBy }: HubConnection, text: string): RunLine {
  const message = parseClientMessage(text);
  if (message.type !== "hello") {
    throw new FedtuneError(
      "unknown-client",
      `Cannot take "${message.type}" before hello: the connection is not enrolled`,
    );
  }
  if (signedBy !== null && message.client !== signedBy.client) {
    const text = `Cannot greet as "${message.client}": the connection is signed by "${signedBy.client}"`;
    throw new FedtuneError("forbidden", text);
  }
  const open = [...lines.values()].filter(
    (line) => line.events !== null && (signedBy === null || line.run === signedBy.run),
  );
  const [only] = open;
  if (message.run === null && only !== undefined && open.length === 1) return only;
  const line = open.find(({ run }) => run === message.run);
  if (line !== undefined) return line;
  const asked = message.run === null ? "the only run" : `run "${message.run}"`;
  const reason = `Cannot find ${asked}: this server has ${open.length} runs`;
  const run = message.run ?? signedBy?.run ?? null;
  throw new FedtuneError("run-unknown", reason, { data: { run } });
}

/**
 * Ends a connection with its reason. Who asks for a run that is on its way here hears none, and comes back in a while:
 * after a restart clients are quicker than the opening of their run.
 */
async function turnAway(hub: Hub, connection: HubConnection, error: unknown): Promise<void> {
  const { expects } = hub;
  if (expects !== undefined && connection.line === null && isFedtuneError(error, "run-unknown")) {
    const run = (error.data["run"] ?? null) as RunId | null;
    if (await expects(run).catch(() => true)) {
      hub.log.dismissed(connection.id, "draining");
      connection.disconnect();
      return;
    }
  }
  dismiss(hub, connection, error);
}

/** Ends a connection with its reason. */
function dismiss({ log }: Hub, connection: HubConnection, error: unknown): void {
  const { code, message } = isFedtuneError(error)
    ? error
    : new FedtuneError("internal", "The server failed");
  if (code === "internal") log.failed("a message", error);
  log.dismissed(connection.id, code);
  connection.send(encodeMessage({ type: "goodbye", code, message: message.slice(0, 2000) }));
  connection.disconnect();
}

function authorise(
  { byKey }: Hub,
  key: string | null,
  run: RunId,
): { connection: HubConnection; line: RunLine } {
  const connection = key === null ? undefined : byKey.get(key);
  if (connection?.line?.run === run) return { connection, line: connection.line };
  throw new FedtuneError(
    "unknown-client",
    `Cannot serve blobs of run "${run}": wanted the key of a live connection to it`,
  );
}
