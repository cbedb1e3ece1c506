import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  bfloatsToFloats,
  floatFromHalf,
  floatsToHalves,
  halfFromFloatBits,
  halvesToFloats,
  isHalfFinite,
} from "./half.ts";

const everyHalf = Uint16Array.from({ length: 0x10000 }, (_, half) => half);
const half = (value: number): number => floatsToHalves(new Float32Array([value]))[0]!;

/** The float32 next to a positive one, in the direction of `step`. */
function neighbour(value: number, step: 1 | -1): number {
  const floats = new Float32Array([value]);
  new Uint32Array(floats.buffer)[0]! += step;
  return floats[0]!;
}

describe("half floats", () => {
  it("[AD4] every one of the 65,536 codes survives the way to float32 and back", () => {
    const back = floatsToHalves(halvesToFloats(everyHalf));
    const wrong = everyHalf.filter((code) => {
      const isNaN = !isHalfFinite(code) && (code & 0x3ff) !== 0;
      // A NaN has neither sign nor payload in this language.
      return isNaN ? (back[code]! & 0x7fff) !== 0x7e00 : back[code] !== code;
    });
    expect([...wrong]).toEqual([]);
  });

  it("[AD4] between any two neighbouring halves the middle goes to even and all else to the nearer one", () => {
    let wrong = 0;
    for (let low = 0; low < 0x7bff; low++) {
      const middle = (floatFromHalf(low) + floatFromHalf(low + 1)) / 2;
      const even = (low & 1) === 0 ? low : low + 1;
      if (half(middle) !== even || half(-middle) !== (even | 0x8000)) wrong++;
      if (half(neighbour(middle, -1)) !== low || half(neighbour(middle, 1)) !== low + 1) wrong++;
    }
    expect(wrong).toBe(0);
  });

  it("[AD4] known values", () => {
    expect([1, -2, 65504, 2 ** -24, 2 ** -14, 0, -0].map(half)).toEqual([
      0x3c00, 0xc000, 0x7bff, 1, 0x400, 0, 0x8000,
    ]);
    expect([65519.996, 65520, 1e10, -Infinity, NaN].map(half)).toEqual([
      0x7bff, 0x7c00, 0x7c00, 0xfc00, 0x7e00,
    ]);
    expect([2 ** -25, neighbour(2 ** -25, 1), 1e-30].map(half)).toEqual([0, 1, 0]);
    expect(floatFromHalf(0x3555)).toBe(0.333251953125);
  });

  it("[AD4] bfloat16 is the upper half of a float32", () => {
    expect([...bfloatsToFloats(new Uint16Array([0x3f80, 0xc049, 0x7f80, 0x0001]))]).toEqual([
      1,
      -3.140625,
      Infinity,
      2 ** -133,
    ]);
  });
});

/** Made by numpy and torch; see the file's provenance. */
const golden = JSON.parse(
  readFileSync(new URL("../../golden/half.json", import.meta.url), "utf8"),
) as { encode: [number, number, number][]; decode_f16_sha256: string; ties_f16_sha256: string };

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe("golden halves", () => {
  it("[AD4] rounds as numpy does", () => {
    for (const [bits, wanted] of golden.encode) expect(halfFromFloatBits(bits)).toBe(wanted);
    const ties = Uint16Array.from({ length: 3 * 31744 }, (_, index) => {
      const low = Math.floor(index / 3);
      const next = low + 1 === 31744 ? 65536 : floatFromHalf(low + 1);
      const middle = (floatFromHalf(low) + next) / 2;
      return half([neighbour(middle, -1), middle, neighbour(middle, 1)][index % 3]!);
    });
    expect(sha256(new Uint8Array(ties.buffer))).toBe(golden.ties_f16_sha256);
  });

  it("[AD4] widens as numpy does", () => {
    const bits = new Uint32Array(halvesToFloats(everyHalf).buffer);
    for (const [code, word] of bits.entries()) {
      if ((word & 0x7fffffff) > 0x7f800000) bits[code] = 0x7fc00000;
    }
    expect(sha256(new Uint8Array(bits.buffer))).toBe(golden.decode_f16_sha256);
  });
});
