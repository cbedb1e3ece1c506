/** Server-sent events as text: written by the server, read by the client (WHATWG HTML, section 9.2). */
import { FedtuneError, fromUtf8 } from "@fedtune/core";
import type { BodyReader } from "./platform.ts";

/** One event on the wire. */
export interface WireEvent {
  /** `message`, or `end`: there will be no more, do not ask again. */
  readonly type: string;
  /** What a reader names to go on after it; null: it cannot be gone on after. */
  readonly id: string | null;
  readonly data: string;
}

/** The longest event that is read. */
const MAX_EVENT_BYTES = 16 << 20;
const NEWLINE = 0x0a;

/** Writes an event; JSON has no line breaks, so that its data is one line. */
export function eventText({ type, id, data }: WireEvent): string {
  const name = type === "message" ? "" : `event: ${type}\n`;
  return `${name}${id === null ? "" : `id: ${id}\n`}data: ${data}\n\n`;
}

/** A line that says nothing, so that both ends see that the other is there. */
export const keepAlive = ":\n\n";

/**
 * Reads events until the body ends; `heard` is called whenever bytes came.
 *
 * @throws FedtuneError `message-invalid` for an event that is too long or no UTF-8
 */
export async function* readEvents(
  reader: BodyReader,
  heard: () => void,
): AsyncGenerator<WireEvent> {
  let fields = new Map<string, string>();
  for await (const line of readLines(reader, heard)) {
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (line !== "") {
      fields.set(field, value);
      continue;
    }
    const data = fields.get("data");
    const [type, id] = [fields.get("event") ?? "message", fields.get("id") ?? null];
    fields = new Map();
    if (data !== undefined) yield { type, id, data };
  }
}

async function* readLines(reader: BodyReader, heard: () => void): AsyncGenerator<string> {
  let rest = new Uint8Array();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    heard();
    const whole = joined(rest, part.value ?? new Uint8Array());
    let start = 0;
    for (let end = whole.indexOf(NEWLINE); end >= 0; end = whole.indexOf(NEWLINE, start)) {
      yield textOf(whole.subarray(start, end));
      start = end + 1;
    }
    rest = whole.slice(start);
    if (rest.length > MAX_EVENT_BYTES) throw unreadable("too long");
  }
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    throw unreadable("no UTF-8");
  }
}

function unreadable(why: string): FedtuneError {
  return new FedtuneError("message-invalid", `Cannot read an event of the coordinator: ${why}`);
}
