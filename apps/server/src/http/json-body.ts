/** Bodies from outside: bounded before they are read, never decompressed, strict. */
import { FedtuneError, fromUtf8 } from "@fedtune/core";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

/** The longest body of a request, in bytes. */
export const MAX_BODY_BYTES = 1 << 20;

const MAX_DEPTH = 32;
/** Names that reach an object's prototype in careless code; nothing of the API is called that. */
const forbiddenKeys: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Reads a body of JSON.
 *
 * @throws FedtuneError `message-invalid` for another content type, any encoding, more than {@link MAX_BODY_BYTES},
 * bytes that are no UTF-8, text that is no JSON, a number beyond float64, too much nesting, and keys such as `__proto__`
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  checkHeaders(request.headers);
  const bytes = await readBounded(request);
  const value = parsed(textOf(bytes));
  checkValue(value, "", MAX_DEPTH);
  return value;
}

/** @throws FedtuneError `message-invalid` when a body was announced where none is wanted */
export function refuseBody({ headers }: IncomingMessage): void {
  const length = headers["content-length"] ?? "0";
  if (length === "0" && headers["transfer-encoding"] === undefined) return;
  throw invalid("wanted no body");
}

function checkHeaders(headers: IncomingHttpHeaders): void {
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw invalid(`its type is "${(type ?? "").slice(0, 80)}", wanted application/json`);
  }
  const encoding = headers["content-encoding"];
  if (encoding !== undefined) {
    throw invalid(`its encoding is "${encoding.slice(0, 80)}", wanted none`);
  }
  if (Number(headers["content-length"] ?? 0) > MAX_BODY_BYTES) throw tooLong();
}

async function readBounded(request: IncomingMessage): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop must not destroy the request: its sender is still to hear the answer.
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > MAX_BODY_BYTES) throw tooLong();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw invalid("it is no UTF-8");
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid(text === "" ? "it is empty, wanted JSON" : "it is no JSON");
  }
}

function checkValue(value: unknown, path: string, depth: number): void {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw invalid(`${path || "(top)"} is a number beyond float64`);
  }
  if (typeof value !== "object" || value === null) return;
  if (depth === 0) throw invalid(`${path.slice(0, 80)} is nested too deep`);
  for (const [key, inner] of Object.entries(value)) {
    const at = path === "" ? key : `${path}.${key}`;
    if (forbiddenKeys.has(key)) throw invalid(`${at.slice(0, 200)} is no field of anything`);
    checkValue(inner, at, depth - 1);
  }
}

function tooLong(): FedtuneError {
  return invalid(`it is longer than ${MAX_BODY_BYTES} bytes`);
}

function invalid(why: string): FedtuneError {
  return new FedtuneError("message-invalid", `Cannot read the body: ${why}`);
}
