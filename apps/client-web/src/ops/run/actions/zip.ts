/** Several files as one: a ZIP archive without compression (PKWARE APPNOTE 6.3.10). */
import { utf8 } from "@fedtune/core";

/** A file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const table = Uint32Array.from({ length: 256 }, (_, start) => {
  let value = start;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** CRC-32 as ZIP wants it (ISO 3309). */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** The first of January 1980, so that the same files give the same bytes. */
const dosDate = 0x0021;
/** Names are UTF-8. */
const flags = 0x0800;
const version = 20;

type Field = readonly [value: number, bytes: 2 | 4];

function record(fields: readonly Field[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, [, size]) => sum + size, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const [value, size] of fields) {
    if (size === 2) view.setUint16(offset, value, true);
    else view.setUint32(offset, value, true);
    offset += size;
  }
  return bytes;
}

/** What local and central headers have in common. */
function facts({ name, bytes }: ZipEntry): readonly Field[] {
  return [
    ...([
      [version, 2],
      [flags, 2],
      [0, 2],
      [0, 2],
      [dosDate, 2],
    ] as const),
    ...([
      [crc32(bytes), 4],
      [bytes.length, 4],
      [bytes.length, 4],
    ] as const),
    ...([
      [utf8(name).length, 2],
      [0, 2],
    ] as const),
  ];
}

/**
 * The archive; the same entries give the same bytes.
 *
 * @throws RangeError for 4 GB and more
 */
export function zip(entries: readonly ZipEntry[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  const add = (part: Uint8Array): void => {
    parts.push(part);
    offset += part.length;
  };
  for (const entry of entries) {
    const name = utf8(entry.name);
    const central: readonly Field[] = [[0x02014b50, 4], [version, 2], ...facts(entry)];
    const end: readonly Field[] = [
      [0, 2],
      [0, 2],
      [0, 2],
      [0, 4],
      [offset, 4],
    ];
    directory.push(record([...central, ...end]), name);
    for (const part of [record([[0x04034b50, 4], ...facts(entry)]), name, entry.bytes]) add(part);
  }
  const start = offset;
  directory.forEach(add);
  const counts: readonly Field[] = [
    [entries.length, 2],
    [entries.length, 2],
  ];
  if (offset > 0xffffffff) throw new RangeError(`Cannot make an archive of ${offset} bytes`);
  add(
    record([[0x06054b50, 4], [0, 2], [0, 2], ...counts, [offset - start, 4], [start, 4], [0, 2]]),
  );
  const whole = new Uint8Array(offset);
  let place = 0;
  for (const part of parts) {
    whole.set(part, place);
    place += part.length;
  }
  return whole;
}
