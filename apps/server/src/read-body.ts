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
  const bytes = new Uint8Array(length);
  let offset = 0;
  let told = 0;
  // Node's parser never hands over more than the announced length.
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    bytes.set(chunk, offset);
    offset += chunk.length;
    if (offset - told < RECEIVED_EVERY) continue;
    told = offset;
    received(offset, length);
  }
  if (offset === length) return bytes;
  throw new FedtuneError(
    "message-invalid",
    `Cannot take an update: ${offset} of ${length} bytes came`,
  );
}

function announcedLength({ headers }: IncomingMessage): number {
  const text = headers["content-length"];
  if (headers["content-encoding"] !== undefined || text === undefined || !/^\d{1,15}$/.test(text)) {
    const message = "Cannot take an update: wanted a Content-Length and no Content-Encoding";
    throw new FedtuneError("message-invalid", message);
  }
  return Number(text);
}
