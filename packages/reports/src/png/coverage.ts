/** Which characters a font file has: a canvas would take any other one from the system's fonts, and no two systems are alike. */
import { inflateSync } from "node:zlib";

/**
 * The code points of a WOFF 1.0 file, from its `cmap` table's subtable of format 4 (OpenType 1.9, "cmap").
 *
 * @throws RangeError for bytes that are no such file
 */
export function coverageOf(woff: Uint8Array): ReadonlySet<number> {
  const view = viewOf(woff);
  if (view.byteLength < 44 || view.getUint32(0) !== signature("wOFF")) {
    throw new RangeError("Cannot read a font: wanted a WOFF file");
  }
  const cmap = tableOf(woff, signature("cmap"));
  const subtable = unicodeSubtable(cmap);
  return segments(cmap, subtable);
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

/** Four letters as one number. */
const signature = (name: string): number => viewOf(new TextEncoder().encode(name)).getUint32(0);

/** A table of the file, unpacked. */
function tableOf(woff: Uint8Array, tag: number): DataView {
  const view = viewOf(woff);
  const count = view.getUint16(12);
  for (let at = 44; at < 44 + count * 20; at += 20) {
    if (view.getUint32(at) !== tag) continue;
    const [offset, packed, length] = [4, 8, 12].map((field) => view.getUint32(at + field));
    const bytes = woff.subarray(offset, (offset ?? 0) + (packed ?? 0));
    return viewOf(packed === length ? bytes : inflateSync(bytes));
  }
  throw new RangeError("Cannot read a font: it says nothing of its characters");
}

/** Where the subtable of format 4 begins. */
function unicodeSubtable(cmap: DataView): number {
  const count = cmap.getUint16(2);
  for (let i = 0; i < count; i += 1) {
    const offset = cmap.getUint32(4 + i * 8 + 4);
    if (cmap.getUint16(offset) === 4) return offset;
  }
  throw new RangeError("Cannot read a font: its characters are in no format 4");
}

/** Its segments: ends, starts, deltas and offsets, each a list of 16-bit numbers. */
function segments(cmap: DataView, table: number): ReadonlySet<number> {
  const size = cmap.getUint16(table + 6);
  const [ends, starts] = [table + 14, table + 16 + size];
  const [deltas, offsets] = [starts + size, starts + 2 * size];
  const found = new Set<number>();
  for (let at = 0; at < size; at += 2) {
    const [start, end] = [cmap.getUint16(starts + at), cmap.getUint16(ends + at)];
    for (let code = start; code <= end && code !== 0xffff; code += 1) {
      const offset = cmap.getUint16(offsets + at);
      const glyph =
        offset === 0
          ? code + cmap.getUint16(deltas + at)
          : cmap.getUint16(offsets + at + offset + 2 * (code - start));
      if ((glyph & 0xffff) !== 0) found.add(code);
    }
  }
  return found;
}
