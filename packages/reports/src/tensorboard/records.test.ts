import { describe, expect, it } from "vitest";
import { crc32c, maskedCrc32c } from "./crc32c.ts";
import { eventFile } from "./records.ts";

/** CRC-32C bit by bit, as its definition says. */
function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    for (let bit = 0; bit < 8; bit += 1) {
      const isOdd = ((crc ^ (byte >>> bit)) & 1) === 1;
      crc = (crc >>> 1) ^ (isOdd ? 0x82f63b78 : 0);
    }
  }
  return ~crc >>> 0;
}

/** A message's fields in their order, by what protobuf's wire format says, with nothing of the writer. */
function* fieldsOf(bytes: Uint8Array): Generator<[field: number, value: number | Uint8Array]> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = (): number => {
    for (let value = 0, shift = 1; ; shift *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, wire] = [Math.floor(key / 8), key % 8];
    if (wire === 0) yield [field, varint()];
    else if (wire === 1) yield [field, view.getFloat64((at += 8) - 8, true)];
    else if (wire === 5) yield [field, view.getFloat32((at += 4) - 4, true)];
    else if (wire === 2) {
      const length = varint();
      yield [field, bytes.subarray(at, (at += length))];
    } else throw new Error(`wire type ${String(wire)}`);
  }
}

/** Records of a file, their checksums checked. */
function* recordsOf(file: Uint8Array): Generator<Uint8Array> {
  const unmask = (masked: number): number => {
    const turned = (masked - 0xa282ead8) >>> 0;
    return ((turned >>> 17) | (turned << 15)) >>> 0;
  };
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let at = 0; at < file.length;) {
    const length = Number(view.getBigUint64(at, true));
    expect(unmask(view.getUint32(at + 8, true))).toBe(slowCrc(file.subarray(at, at + 8)));
    const data = file.subarray(at + 12, at + 12 + length);
    expect(unmask(view.getUint32(at + 12 + length, true))).toBe(slowCrc(data));
    yield data;
    at += 16 + length;
  }
}

const text = (bytes: number | Uint8Array | undefined): string =>
  new TextDecoder().decode(bytes as Uint8Array);

describe("CRC-32C", () => {
  // RFC 3720, appendix B.4.
  it.each([
    [new Uint8Array(32), 0x8a9136aa],
    [new Uint8Array(32).fill(255), 0x62a8ab43],
    [Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
    [new TextEncoder().encode("123456789"), 0xe3069283],
  ])("has the standard's values", (bytes, wanted) => {
    expect(crc32c(bytes)).toBe(wanted);
    expect(slowCrc(bytes)).toBe(wanted);
  });

  it("is masked as TensorFlow does", () => {
    // From `tensorflow::crc32c::Mask`'s definition, by hand for 0xe3069283.
    const crc = 0xe3069283n;
    const turned = ((crc >> 15n) | (crc << 17n)) & 0xffffffffn;
    const wanted = (turned + 0xa282ead8n) & 0xffffffffn;
    expect(maskedCrc32c(new TextEncoder().encode("123456789"))).toBe(Number(wanted));
  });
});

describe("event files", () => {
  const events = [
    { wallTime: 0, step: 0, values: { "evaluation/accuracy": 0.125 } },
    { wallTime: 61.5, step: 300, values: { "evaluation/accuracy": 0.5, "training/loss": -1.75 } },
  ];

  it("are read back by a reader of their formats", () => {
    const [first, ...rest] = [...recordsOf(eventFile(events))].map((data) => [...fieldsOf(data)]);
    expect(first!.map(([field, value]) => [field, field === 3 ? text(value) : value])).toEqual([
      [1, 0],
      [3, "brain.Event:2"],
    ]);
    const read = rest.map((fields) => {
      const by = new Map(fields);
      const values = [...fieldsOf(by.get(5) as Uint8Array)].map(([, value]) => {
        const own = new Map(fieldsOf(value as Uint8Array));
        return [text(own.get(1)), own.get(2)];
      });
      return {
        wallTime: by.get(1),
        step: by.get(2),
        values: Object.fromEntries(values) as unknown,
      };
    });
    expect(read).toEqual(events);
  });

  it("of nothing have their version only", () => {
    expect([...recordsOf(eventFile([]))]).toHaveLength(1);
  });
});
