/** Reading an answer: bounded, as bytes or JSON, or as the error that it is. */
import { FedtuneError, fromUtf8, parseInput } from "@fedtune/core";
import type { ErrorCode } from "@fedtune/core";
import type { z } from "zod";
import { errorAnswer } from "./errors.ts";
import type { FetchResponse } from "./platform.ts";

/** The longest error body that is read. */
const MAX_ERROR_BYTES = 65_536;

/**
 * Reads a whole body; never holds more than `most` bytes and one piece.
 *
 * @throws FedtuneError `message-invalid` when it is longer
 */
export async function readBytes(response: FetchResponse, most: number): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader?.read(); part?.done === false; part = await reader?.read()) {
    if (part.value === undefined) continue;
    length += part.value.length;
    if (length > most) {
      await reader?.cancel();
      throw new FedtuneError(
        "message-invalid",
        `Cannot read an answer of more than ${most} bytes from the coordinator`,
      );
    }
    pieces.push(part.value);
  }
  return joined(pieces, length);
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  return bytes;
}

/**
 * What the coordinator sent, in the form that the API describes.
 *
 * @throws FedtuneError `message-invalid`
 */
export function parseAnswer<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
): z.output<Schema> {
  return parseInput(schema, value, { what: "the coordinator's answer", code: "message-invalid" });
}

/**
 * Decodes JSON.
 *
 * @throws FedtuneError `message-invalid`
 */
export function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(bytes)) as unknown;
  } catch (cause) {
    throw new FedtuneError("message-invalid", "Cannot read the coordinator's answer: no JSON", {
      cause,
    });
  }
}

/** The coordinator's error as it was thrown there; one of something in between by its status. */
export async function errorOf(response: FetchResponse): Promise<FedtuneError> {
  const bytes = await readBytes(response, MAX_ERROR_BYTES).catch(() => new Uint8Array());
  const parsed = errorAnswer.safeParse(maybeJson(bytes));
  if (parsed.success) {
    const { code, message, data } = parsed.data;
    return new FedtuneError(code, message, { data });
  }
  const { status } = response;
  const message = `Cannot use the coordinator's address: it answered with status ${status}`;
  return new FedtuneError(codeOf(status), message, { data: { status } });
}

function maybeJson(bytes: Uint8Array): unknown {
  try {
    return jsonOf(bytes);
  } catch {
    return null;
  }
}

function codeOf(status: number): ErrorCode {
  if (status === 401) return "unauthenticated";
  if (status === 403) return "forbidden";
  if (status === 429) return "rate-limited";
  return status >= 500 ? "transport-closed" : "message-invalid";
}
