/**
 * A proxy between a browser and a coordinator: writes down every byte that the browser sends, in the clear, and breaks
 * what a test wants broken.
 */
import { createHash } from "node:crypto";
import { createServer, request as ask } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";

/** What happens to a request: it goes on, its connection is cut, or it is never answered. */
export type Passage = "pass" | "fail" | "hold";

/** The proxy. */
export interface WatchedProxy {
  readonly url: string;
  /** Everything that the browser sent: request lines, headers, bodies, and the frames of its sockets without their masks. */
  sent(): Buffer;
  /** SHA-256 of the body of every upload that reached the proxy, with its path. */
  uploads(): readonly { readonly path: string; readonly hash: string }[];
  /** Decides about requests from now on; null: all of them pass. */
  rule(decide: Decide | null): void;
  /** Changes answers of JSON from now on; null: none. */
  rewrite(change: Change | null): void;
  /** Cuts all connections, and takes no new ones until it is mended. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

type Decide = (method: string, path: string) => Passage;
type Change = (path: string, body: string) => string;

/** What the connections of a proxy share. */
interface Watch {
  /** Of the coordinator. */
  readonly port: number;
  readonly seen: Buffer[];
  readonly uploads: { readonly path: string; readonly hash: string }[];
  readonly sockets: Set<Socket>;
  decide: Decide | null;
  change: Change | null;
  isCut: boolean;
}

/** Starts a proxy before a port of this machine. */
export async function watchedProxy(port: number): Promise<WatchedProxy> {
  const watch: Watch = {
    ...{ port, seen: [], uploads: [], sockets: new Set() },
    ...{ decide: null, change: null, isCut: false },
  };
  const server = createServer((incoming, response) => {
    void forward(watch, incoming, response);
  });
  server.on("connection", (socket) => {
    watch.sockets.add(socket);
    socket.on("close", () => watch.sockets.delete(socket));
    if (watch.isCut) socket.destroy();
  });
  server.on("upgrade", (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    upgrade(watch, incoming, { socket, head });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const own = typeof address === "object" && address !== null ? address.port : 0;
  const destroyAll = (): void => {
    for (const socket of watch.sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${own}`,
    sent: () => Buffer.concat(watch.seen),
    uploads: () => watch.uploads,
    rule(decide) {
      watch.decide = decide;
    },
    rewrite(change) {
      watch.change = change;
    },
    cut() {
      watch.isCut = true;
      destroyAll();
    },
    mend() {
      watch.isCut = false;
    },
    async close() {
      destroyAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function forward(
  watch: Watch,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "GET", url: path = "/", headers } = incoming;
  const body = await bodyOf(incoming);
  watch.seen.push(Buffer.from(`${method} ${path}\n${incoming.rawHeaders.join("\n")}\n`), body);
  if (method === "PUT")
    watch.uploads.push({ path, hash: createHash("sha256").update(body).digest("hex") });
  const passage = watch.decide?.(method, path) ?? "pass";
  if (passage === "hold") return;
  if (passage === "fail") {
    incoming.socket.destroy();
    return;
  }
  // What is to be changed must not come compressed.
  const plain = watch.change === null ? headers : { ...headers, "accept-encoding": "identity" };
  const where = { port: watch.port, host: "127.0.0.1", method, path, headers: plain };
  const onwards = ask(where, (answer) => {
    void relay(answer, response, { path, change: watch.change });
  });
  onwards.on("error", () => incoming.socket.destroy());
  onwards.end(body);
}

async function relay(
  answer: IncomingMessage,
  response: ServerResponse,
  { path, change }: { readonly path: string; readonly change: Change | null },
): Promise<void> {
  const body = await bodyOf(answer).catch(() => null);
  if (body === null) {
    response.destroy();
    return;
  }
  const isText = (answer.headers["content-type"] ?? "").includes("json");
  const changed =
    change !== null && isText ? Buffer.from(change(path, body.toString("utf8"))) : body;
  const { "transfer-encoding": _, "content-length": __, ...headers } = answer.headers;
  response.writeHead(answer.statusCode ?? 502, { ...headers, "content-length": changed.length });
  response.end(changed);
}

function upgrade(
  { port, seen }: Watch,
  incoming: IncomingMessage,
  { socket, head }: { readonly socket: Socket; readonly head: Buffer },
): void {
  const { rawHeaders, method = "GET", url = "/" } = incoming;
  const lines = [`${method} ${url} HTTP/1.1`];
  for (let k = 0; k < rawHeaders.length; k += 2)
    lines.push(`${rawHeaders[k] ?? ""}: ${rawHeaders[k + 1] ?? ""}`);
  seen.push(Buffer.from(lines.join("\n")));
  const upstream = connect(port, "127.0.0.1", () => {
    upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
    upstream.write(head);
  });
  const frames = unmasked((payload) => seen.push(payload));
  socket.on("data", (chunk: Buffer) => {
    frames(chunk);
    upstream.write(chunk);
  });
  upstream.on("data", (chunk: Buffer) => socket.write(chunk));
  const end = (): void => {
    socket.destroy();
    upstream.destroy();
  };
  for (const side of [socket, upstream]) side.on("close", end).on("error", end);
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Reads the frames of a client's socket (RFC 6455, section 5.2) and hands out their payloads without the mask. */
function unmasked(take: (payload: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const frame = firstFrame(rest);
      if (frame === null) return;
      take(frame.payload);
      rest = rest.subarray(frame.end);
    }
  };
}

function firstFrame(bytes: Buffer): { readonly payload: Buffer; readonly end: number } | null {
  if (bytes.length < 2) return null;
  const short = (bytes[1] ?? 0) & 0x7f;
  const extra = short === 126 ? 2 : short === 127 ? 8 : 0;
  const start = 2 + extra + 4;
  if (bytes.length < start) return null;
  const long = extra === 2 ? bytes.readUInt16BE(2) : extra === 8 ? bytes.readBigUInt64BE(2) : short;
  const end = start + Number(long);
  if (bytes.length < end) return null;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, end));
  payload.forEach((byte, k) => (payload[k] = byte ^ (mask[k % 4] ?? 0)));
  return { payload, end };
}
