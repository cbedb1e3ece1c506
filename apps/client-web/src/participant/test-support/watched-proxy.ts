/**
 * A proxy between a browser and a coordinator: writes down every byte that the browser sends, in the clear, and breaks
 * what a test wants broken.
 */
import { createHash } from "node:crypto";
import { createServer, request as ask } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";

/** What happens to a request: it goes on, is answered with an error of the way, or is never answered. */
export type Passage = "pass" | "fail" | "hold";

/** The proxy. */
export interface WatchedProxy {
  readonly url: string;
  /** Everything that the browser sent: request lines, headers, bodies, and the frames of its sockets without their masks. */
  sent(): Buffer;
  /** SHA-256 of the body of every upload that reached the proxy, with its path. */
  uploads(): readonly { readonly path: string; readonly hash: string }[];
  /** Decides about requests from now on; null: all of them pass. */
  rule(decide: ((method: string, path: string) => Passage) | null): void;
  /** Changes answers from now on; null: none. */
  rewrite(change: ((path: string, body: string) => string) | null): void;
  /** Cuts all connections, and takes no new ones until it is mended. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Starts a proxy before a port of this machine. */
export async function watchedProxy(port: number): Promise<WatchedProxy> {
  const seen: Buffer[] = [];
  const uploads: { path: string; hash: string }[] = [];
  const sockets = new Set<Socket>();
  const state: {
    decide: ((method: string, path: string) => Passage) | null;
    change: ((path: string, body: string) => string) | null;
    isCut: boolean;
  } = { decide: null, change: null, isCut: false };
  const server = createServer((incoming, response) => {
    void forward(incoming, response);
  });

  async function forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "GET", url: path = "/" } = incoming;
    const body = await bodyOf(incoming);
    seen.push(Buffer.from(`${method} ${path}\n${incoming.rawHeaders.join("\n")}\n`), body);
    if (method === "PUT")
      uploads.push({ path, hash: createHash("sha256").update(body).digest("hex") });
    const passage = state.decide?.(method, path) ?? "pass";
    if (passage === "hold") return;
    if (passage === "fail") {
      incoming.socket.destroy();
      return;
    }
    const { headers } = incoming;
    const plain = state.change === null ? headers : { ...headers, "accept-encoding": "identity" };
    const onwards = ask({ port, host: "127.0.0.1", method, path, headers: plain }, (answer) => {
      void relay(path, answer, response);
    });
    onwards.on("error", () => incoming.socket.destroy());
    onwards.end(body);
  }

  async function relay(
    path: string,
    answer: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const body = await bodyOf(answer).catch(() => null);
    if (body === null) {
      response.destroy();
      return;
    }
    const isText = /json/.test(answer.headers["content-type"] ?? "");
    const changed =
      state.change !== null && isText
        ? Buffer.from(state.change(path, body.toString("utf8")))
        : body;
    const { "transfer-encoding": _, "content-length": __, ...headers } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, { ...headers, "content-length": changed.length });
    response.end(changed);
  }

  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    if (state.isCut) socket.destroy();
  });
  server.on("upgrade", (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    const upstream = connect(port, "127.0.0.1", () => {
      const lines = [`${incoming.method ?? "GET"} ${incoming.url ?? "/"} HTTP/1.1`];
      for (let k = 0; k < incoming.rawHeaders.length; k += 2)
        lines.push(`${incoming.rawHeaders[k] ?? ""}: ${incoming.rawHeaders[k + 1] ?? ""}`);
      upstream.write(`${lines.join("\r\n")}\r\n\r\n`);
      upstream.write(head);
      seen.push(Buffer.from(lines.join("\n")));
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
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const own = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${own}`,
    sent: () => Buffer.concat(seen),
    uploads: () => uploads,
    rule(decide) {
      state.decide = decide;
    },
    rewrite(change) {
      state.change = change;
    },
    cut() {
      state.isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      state.isCut = false;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
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
  const length =
    extra === 0 ? short : extra === 2 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  const end = start + length;
  if (bytes.length < end) return null;
  const mask = bytes.subarray(start - 4, start);
  const payload = Buffer.from(bytes.subarray(start, end));
  payload.forEach((byte, k) => (payload[k] = byte ^ (mask[k % 4] ?? 0)));
  return { payload, end };
}
