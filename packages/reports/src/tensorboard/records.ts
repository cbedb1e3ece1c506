/** Event files as TensorBoard reads them: TFRecords of `Event` messages in protobuf's encoding. */
import { maskedCrc32c } from "./crc32c.ts";

/** A step's values. */
export interface ScalarEvent {
  /** Seconds. */
  readonly wallTime: number;
  readonly step: number;
  /** By tag; kept as float32. */
  readonly values: Readonly<Record<string, number>>;
}

const utf8 = new TextEncoder();

function together(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A whole number at least 0 in groups of seven bits. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return Uint8Array.of(...bytes, rest);
}

const tag = (field: number, wire: number): Uint8Array => varint(field * 8 + wire);

/** A field of bytes, text or a message. */
const nested = (field: number, bytes: Uint8Array): Uint8Array =>
  together([tag(field, 2), varint(bytes.length), bytes]);

function fixed(field: number, value: number, size: 4 | 8): Uint8Array {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (size === 8) view.setFloat64(0, value, true);
  else view.setFloat32(0, value, true);
  return together([tag(field, size === 8 ? 1 : 5), bytes]);
}

/** `Event`: wall_time = 1, step = 2, file_version = 3, summary = 5; `Summary.Value`: tag = 1, simple_value = 2. */
function eventBytes({ wallTime, step, values }: ScalarEvent): Uint8Array {
  const summary = Object.entries(values).map(([name, value]) =>
    nested(1, together([nested(1, utf8.encode(name)), fixed(2, value, 4)])),
  );
  const whole = [fixed(1, wallTime, 8), tag(2, 0), varint(step), nested(5, together(summary))];
  return together(whole);
}

const firstEvent = (): Uint8Array =>
  together([fixed(1, 0, 8), nested(3, utf8.encode("brain.Event:2"))]);

/** Length, its checksum, the bytes, their checksum; all little-endian. */
function record(data: Uint8Array): Uint8Array {
  const head = new Uint8Array(12);
  const view = new DataView(head.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc32c(head.subarray(0, 8)), true);
  const foot = new Uint8Array(4);
  new DataView(foot.buffer).setUint32(0, maskedCrc32c(data), true);
  return together([head, data, foot]);
}

/** A whole event file. */
export const eventFile = (events: readonly ScalarEvent[]): Uint8Array =>
  together([record(firstEvent()), ...events.map((event) => record(eventBytes(event)))]);
