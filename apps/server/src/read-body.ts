import { FedtuneError } from "@fedtune/core";
import type { IncomingMessage } from "node:http";

/** Called now and then with how much of a body is there. */
export type Received = (received: number, total: number) => void;

/** Bytes between two calls of {@link Received}: shorter bodies are there at once. */
const RECEIVED_EVERY = 256 << 10;

/**
 * Reads a raw body of announced length; at most `most` bytes are ever held.
 *
 * @throws FedtuneError `update-too-large` before anything is read; `message-invalid` without a length, with an
 * encoding, or when the body is shorter than announced
 */
export async function readBody(
  request: IncomingMessage,
  most: number,
  received: Received = () => undefined,
): Promise<Uint8Array> {
  const length = announcedLength(request);
  if (length > most) {
    const message = `Cannot take an update of ${length} bytes, expected at most ${most}`;
    throw new FedtuneError("update-too-large", message, { data: { bytes: length, most } });
  }
  const bytes = allocate(length);
  const offset = await fill(request, bytes, received);
  if (offset === length) return bytes;
  throw new FedtuneError(
    "message-invalid",
    `Cannot take an update: ${offset} of ${length} bytes came`,
  );
}

/** Not zeroed: nothing of it is shown before all of it has been written over. */
function allocate(length: number): Uint8Array {
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(length);
  return new Uint8Array(buffer, byteOffset, length);
}

/** Writes what comes; resolves with how much came. */
function fill(request: IncomingMessage, bytes: Uint8Array, received: Received): Promise<number> {
  let offset = 0;
  let told = 0;
  return new Promise((resolve, reject) => {
    // Node's parser never hands over more than the announced length.
    request.on("data", (chunk: Uint8Array) => {
      bytes.set(chunk, offset);
      offset += chunk.length;
      if (offset - told < RECEIVED_EVERY) return;
      told = offset;
      received(offset, bytes.length);
    });
    request.once("end", () => {
      resolve(offset);
    });
    request.once("error", reject);
    request.once("close", () => {
      resolve(offset);
    });
  });
}

function announcedLength({ headers }: IncomingMessage): number {
  const text = headers["content-length"];
  if (headers["content-encoding"] !== undefined || text === undefined || !/^\d{1,15}$/.test(text)) {
    const message = "Cannot take an update: wanted a Content-Length and no Content-Encoding";
    throw new FedtuneError("message-invalid", message);
  }
  return Number(text);
}
