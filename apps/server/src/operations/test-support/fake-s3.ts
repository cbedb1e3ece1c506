/** A small S3 service in memory that can be made to fail. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens instead of an answer, once. */
export type S3Fault = "500" | "403" | "hang" | "truncate" | "flip";

export interface FakeS3 {
  readonly endpoint: string;
  /** By path, `/bucket/key`. */
  readonly objects: Map<string, Buffer>;
  /** Faults of the next requests of a method, one each. */
  fail(method: string, ...faults: S3Fault[]): void;
  /** `METHOD` of every request. */
  readonly requests: string[];
  /** Requests without a signature as S3 wants it. */
  readonly unsigned: string[];
  close(): Promise<void>;
}

const signature =
  /^AWS4-HMAC-SHA256 Credential=[^/]+\/\d{8}\/[\w-]+\/s3\/aws4_request, ?SignedHeaders=[\w;-]*host[\w;-]*, ?Signature=[0-9a-f]{64}$/;

export async function fakeS3(): Promise<FakeS3> {
  const objects = new Map<string, Buffer>();
  const faults = new Map<string, S3Fault[]>();
  const requests: string[] = [];
  const unsigned: string[] = [];
  const server = createServer((request, response) => {
    const { method = "" } = request;
    requests.push(method);
    const { authorization = "", "x-amz-date": date = "" } = request.headers;
    if (!signature.test(authorization) || !/^\d{8}T\d{6}Z$/.test(String(date)))
      unsigned.push(`${method} ${authorization}`);
    void answer(objects, request, { response, fault: faults.get(method)?.shift() });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    ...{ objects, requests, unsigned },
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail: (method, ...next) => faults.set(method, [...(faults.get(method) ?? []), ...next]),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  objects: Map<string, Buffer>,
  request: IncomingMessage,
  { response, fault }: { readonly response: ServerResponse; readonly fault: S3Fault | undefined },
): Promise<void> {
  const url = new URL(request.url ?? "", "http://s3");
  const path = decodeURIComponent(url.pathname);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const body = Buffer.concat(chunks);
  if (fault === "hang") return;
  if (fault === "500" || fault === "403") {
    response.writeHead(Number(fault), { "content-type": "application/xml" });
    response.end("<Error><Code>Fault</Code><Message>made up</Message></Error>");
    return;
  }
  if (url.searchParams.has("list-type")) {
    response.writeHead(200, { "content-type": "application/xml" }).end(listing(objects, url));
    return;
  }
  const stored = objects.get(path);
  if (request.method === "PUT") put(objects, path, { request, response, body });
  else if (request.method === "DELETE") {
    objects.delete(path);
    response.writeHead(204).end();
  } else if (stored === undefined) {
    response.writeHead(404, { "content-type": "application/xml" });
    response.end(request.method === "HEAD" ? "" : "<Error><Code>NoSuchKey</Code></Error>");
  } else give(stored, { response, fault, isHead: request.method === "HEAD" });
}

function put(
  objects: Map<string, Buffer>,
  path: string,
  { request, response, body }: { request: IncomingMessage; response: ServerResponse; body: Buffer },
): void {
  const wanted = request.headers["x-amz-checksum-sha256"];
  if (wanted !== createHash("sha256").update(body).digest("base64")) {
    response.writeHead(400).end("<Error><Code>BadDigest</Code></Error>");
    return;
  }
  objects.set(path, body);
  response.writeHead(200, { etag: '"e"' }).end();
}

function give(
  stored: Buffer,
  {
    response,
    fault,
    isHead,
  }: { response: ServerResponse; fault: S3Fault | undefined; isHead: boolean },
): void {
  response.writeHead(200, { "content-length": stored.length, etag: '"e"' });
  if (isHead) response.end();
  else if (fault === "truncate") {
    response.write(stored.subarray(0, stored.length >> 1));
    setTimeout(() => response.destroy(), 10);
  } else if (fault === "flip") response.end(stored.map((byte) => byte ^ 1));
  else response.end(stored);
}

function listing(objects: Map<string, Buffer>, url: URL): string {
  const prefix = url.searchParams.get("prefix") ?? "";
  const most = Math.min(Number(url.searchParams.get("max-keys") ?? 1_000), PAGE);
  const from = Number(url.searchParams.get("continuation-token") ?? 0);
  const bucket = `/${url.pathname.split("/")[1] ?? ""}/`;
  const all = [...objects].filter(([path]) => path.startsWith(bucket + prefix));
  const contents = all
    .slice(from, from + most)
    .map(
      ([path, { length }]) =>
        `<Contents><Key>${path.slice(bucket.length)}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><Size>${length}</Size></Contents>`,
    );
  const isLast = from + most >= all.length;
  const next = isLast ? "" : `<NextContinuationToken>${from + most}</NextContinuationToken>`;
  return `<?xml version="1.0"?><ListBucketResult><KeyCount>${contents.length}</KeyCount><IsTruncated>${!isLast}</IsTruncated>${next}${contents.join("")}</ListBucketResult>`;
}

/** Few, so that a test sees more than one page. */
const PAGE = 2;
