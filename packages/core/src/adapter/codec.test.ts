import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFedtuneError } from "../errors.ts";
import { codecNames, codecs, type CodecName } from "./codec.ts";
import { INT8_BLOCK } from "./int8.ts";

const floats = (min: number, max: number) =>
  fc.float32Array({ min: Math.fround(min), max: Math.fround(max), noNaN: true, maxLength: 200 });

/** How far a decoded value may be off, given the largest magnitude of its block. */
const tolerance: Record<CodecName, (value: number, blockMax: number) => number> = {
  f32: () => 0,
  f16: (value) => Math.max(Math.abs(value) * 2 ** -11, 2 ** -25),
  int8: (value, blockMax) =>
    (blockMax / 254) * (1 + 1e-6) + 2 ** -149 * 127 + Math.abs(value) * 1e-7,
};

/** The error code of what `action` throws. */
function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (isFedtuneError(error)) return error.code;
    throw error;
  }
  return "nothing";
}

describe.each(codecNames)("%s", (name) => {
  const codec = codecs[name];

  it("[AD4] decodes what it encoded within its stated error", () => {
    const ordinary = floats(-65504, 65504);
    const any = name === "f16" ? ordinary : fc.oneof(ordinary, floats(-3.4028234e38, 3.4028234e38));
    fc.assert(
      fc.property(any, (values) => {
        const decoded = codec.decode(codec.encode(values), values.length);
        for (const [index, value] of values.entries()) {
          const start = index - (index % INT8_BLOCK);
          const block = values.subarray(start, start + INT8_BLOCK).map(Math.abs);
          const off = Math.abs(decoded[index]! - value);
          expect(off).toBeLessThanOrEqual(tolerance[name](value, Math.max(...block)));
        }
      }),
    );
  });

  it("[AD4] encoding again what was decoded gives the same bytes, and leaves its input alone", () => {
    fc.assert(
      fc.property(floats(-100, 100), (values) => {
        const copy = values.slice();
        const bytes = codec.encode(values);
        expect(values).toEqual(copy);
        expect(codec.encode(values)).toEqual(bytes);
        const decoded = codec.decode(bytes, values.length);
        if (name !== "int8") expect(codec.encode(decoded)).toEqual(bytes);
      }),
    );
  });

  it("[AD6] has the size that it announces, at any alignment", () => {
    for (const length of [0, 1, 63, 64, 65, 1000]) {
      const values = Float32Array.from({ length }, (_, index) => Math.sin(index));
      const bytes = codec.encode(values);
      expect(bytes.length).toBe(codec.encodedBytes(length));
      const shifted = new Uint8Array(bytes.length + 3).subarray(3);
      codec.encodeInto(values, shifted);
      expect(shifted).toEqual(bytes);
      expect(codec.decode(shifted, length)).toEqual(codec.decode(bytes, length));
    }
  });

  it("[AD5] refuses bytes of another length", () => {
    const bytes = codec.encode(new Float32Array(10));
    expect(codeOf(() => codec.decode(bytes.subarray(1), 10))).toBe("codec-invalid");
    expect(codeOf(() => codec.decode(bytes, 9))).toBe("codec-invalid");
    expect(() => {
      codec.encodeInto(new Float32Array(10), bytes.subarray(1));
    }).toThrow(RangeError);
  });

  it.each([NaN, Infinity, -Infinity])("[AD4] refuses to encode %s and names its index", (bad) => {
    for (const index of [0, 3, 70, 99]) {
      const values = new Float32Array(100).fill(0.5);
      values[index] = bad;
      values[index + 1] = NaN;
      expect(() => codec.encode(values)).toThrow(
        expect.objectContaining({ code: "not-finite", data: { index } }),
      );
    }
  });
});

describe("what no encoder writes", () => {
  it("[AD5] f32 and f16 refuse NaN and infinities and name the index", () => {
    for (const bad of [NaN, Infinity]) {
      const bytes = new Uint8Array(new Float32Array([1, 2, bad, bad]).buffer);
      expect(() => codecs.f32.decode(bytes, 4)).toThrow(
        expect.objectContaining({ data: { index: 2 } }),
      );
    }
    for (const bad of [0x7c00, 0xfe01]) {
      const bytes = new Uint8Array(new Uint16Array([1, bad]).buffer);
      expect(() => codecs.f16.decode(bytes, 2)).toThrow(
        expect.objectContaining({ code: "not-finite", data: { index: 1 } }),
      );
    }
  });

  it("[AD4] f16 refuses what rounds to infinity", () => {
    expect(codecs.f16.encode(new Float32Array([65519])).length).toBe(2);
    expect(codeOf(() => codecs.f16.encode(new Float32Array([1, 65520])))).toBe("not-finite");
  });

  it("[AD5] int8 refuses the code -128 and scales that are negative, too large or not finite", () => {
    const bytes = codecs.int8.encode(new Float32Array([1, -1]));
    expect([...bytes.subarray(4)]).toEqual([127, 129]);
    const scaled = (scale: number): Uint8Array => {
      const copy = bytes.slice();
      new DataView(copy.buffer).setFloat32(0, scale, true);
      return copy;
    };
    expect(codeOf(() => codecs.int8.decode(scaled(-1), 2))).toBe("codec-invalid");
    expect(codeOf(() => codecs.int8.decode(scaled(3e36), 2))).toBe("codec-invalid");
    expect(codeOf(() => codecs.int8.decode(scaled(NaN), 2))).toBe("not-finite");
    expect(codeOf(() => codecs.int8.decode(scaled(Infinity), 2))).toBe("not-finite");
    bytes[5] = 0x80;
    expect(codeOf(() => codecs.int8.decode(bytes, 2))).toBe("codec-invalid");
  });

  it("[AD4] int8 rounds half to even and keeps the largest magnitude of a block", () => {
    const values = new Float32Array([127, 0.5, 1.5, 2.5, -0.5, -1.5, 126.5]);
    expect([...codecs.int8.decode(codecs.int8.encode(values), 7)]).toEqual([
      127, 0, 2, 2, 0, -2, 126,
    ]);
    const extremes = new Float32Array([
      3.4028234663852886e38,
      1e-45,
      ...new Float32Array(62),
      1e-45,
    ]);
    const decoded = codecs.int8.decode(codecs.int8.encode(extremes), 65);
    expect(decoded[0]! / 3.4028234663852886e38).toBeCloseTo(1, 6);
    expect(decoded[64]).toBe(0);
  });
});
