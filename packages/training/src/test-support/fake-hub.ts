/** A hub over real sockets that has one repository, and fails as it is told to. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** The only commit. */
export const commit = "0123456789abcdef0123456789abcdef01234567";

/** What goes wrong; nothing unless named. */
export interface Misbehaviour {
  /** Every answer has this status. */
  readonly status?: number;
  /** No answer at all. */
  readonly silent?: boolean;
  /** A large file stops after so many bytes, without an end. */
  readonly stopAfter?: number;
  /** Bytes of this file are others than listed. */
  readonly corrupt?: string;
  /** Answers are JSON of another kind. */
  readonly nonsense?: boolean;
  /** Files come from another address. */
  readonly redirect?: boolean;
}

/** A running hub. */
export interface FakeHub {
  readonly url: string;
  readonly contents: ReadonlyMap<string, Buffer>;
  readonly requests: readonly { readonly path: string; readonly range: string | null }[];
  readonly seenTokens: readonly string[];
  readonly tokensElsewhere: readonly string[];
  readonly servedElsewhere: number;
  /** How often a file was asked for, other than for its size. */
  downloads(file: string): number;
  behave(how: Misbehaviour): void;
  close(): Promise<void>;
}

/** A repository's files: a model's, and some that no model needs. */
export function files({ sharded = false, without = "" } = {}): ReadonlyMap<string, Buffer> {
  const shards = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const index = JSON.stringify({ weight_map: { a: shards[0], b: shards[1] } });
  const texts: [string, string][] = [
    ["config.json", "{}"],
    ["tokenizer.json", "{}"],
    ["README.md", "# words"],
    ...(sharded ? [["model.safetensors.index.json", index] satisfies [string, string]] : []),
  ];
  const weights = ["pytorch_model.bin", ...(sharded ? shards : ["model.safetensors"])];
  const all = [
    ...texts.map(([name, text]) => [name, Buffer.from(text)] as const),
    ...weights.map((name) => [name, large(name)] as const),
  ];
  return new Map(all.filter(([name]) => name !== without));
}

function large(name: string): Buffer {
  return Buffer.alloc(200_000, createHash("sha256").update(name).digest());
}

/** Starts a hub. */
export async function fakeHub(contents: ReadonlyMap<string, Buffer>): Promise<FakeHub> {
  let how: Misbehaviour = {};
  const requests: { path: string; range: string | null }[] = [];
  const [seenTokens, tokensElsewhere]: [string[], string[]] = [[], []];
  let servedElsewhere = 0;
  const other = await listening((request, response) => {
    servedElsewhere += 1;
    tokensElsewhere.push(...tokenOf(request));
    send(request, response, { contents, how });
  });
  const hub = await listening((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://hub");
    requests.push({ path: pathname, range: request.headers.range ?? null });
    seenTokens.push(...tokenOf(request));
    if (how.silent === true) return;
    if (how.status !== undefined) response.writeHead(how.status).end();
    else if (how.nonsense === true) json(response, [{ type: "file", path: 3 }]);
    else if (pathname.includes("/revision/")) json(response, { id: "someone/tiny", sha: commit });
    else if (pathname.includes("/tree/")) json(response, tree(contents));
    else if (how.redirect === true && request.headers.range !== "bytes=0-0")
      response.writeHead(302, { location: `${addressOf(other)}${pathname}` }).end();
    else send(request, response, { contents, how });
  });
  return {
    ...{ url: addressOf(hub), contents, requests, seenTokens, tokensElsewhere },
    get servedElsewhere() {
      return servedElsewhere;
    },
    downloads: (file) =>
      requests.filter(({ path, range }) => path.endsWith(`/${file}`) && range !== "bytes=0-0")
        .length,
    behave(next) {
      how = next;
    },
    async close() {
      for (const server of [hub, other]) {
        if (!server.listening) continue;
        server.closeAllConnections();
        server.close();
        await once(server, "close");
      }
    },
  };
}

async function listening(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Server> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function tokenOf({ headers: { authorization } }: IncomingMessage): readonly string[] {
  return authorization === undefined ? [] : [authorization];
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(value));
}

/** Files over 1,000 bytes are large ones, as a real hub decides by their names. */
function tree(contents: ReadonlyMap<string, Buffer>): unknown {
  const listed = [...contents].map(([path, bytes]) => {
    const git = createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
    const lfs = { oid: createHash("sha256").update(bytes).digest("hex"), size: bytes.length };
    const entry = { type: "file", path, size: bytes.length, oid: git };
    return bytes.length > 1000 ? { ...entry, lfs: { ...lfs, pointerSize: 130 } } : entry;
  });
  return [{ type: "directory", path: "onnx", size: 0, oid: "0".repeat(40) }, ...listed];
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { contents, how }: { contents: ReadonlyMap<string, Buffer>; how: Misbehaviour },
): void {
  const name = request.url?.split("/").at(-1) ?? "";
  const found = contents.get(name);
  if (found === undefined) {
    response.writeHead(404).end();
    return;
  }
  const bytes = Buffer.from(found);
  if (how.corrupt === name) bytes.writeUInt8(bytes.readUInt8(1) ^ 1, 1);
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  const [from, to] = [Number(first ?? 0), last === undefined ? bytes.length : Number(last) + 1];
  const part = bytes.subarray(from, Math.min(to, how.stopAfter ?? to));
  response.writeHead(first === undefined ? 200 : 206, {
    etag: '"x"',
    "content-length": to - from,
    ...(first === undefined ? {} : { "content-range": `bytes ${from}-${to - 1}/${bytes.length}` }),
  });
  if (part.length < to - from) response.write(part);
  else response.end(part);
}
