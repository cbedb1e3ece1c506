import { isFedtuneError } from "@fedtune/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rngFromSeed } from "../rng.ts";
import { decodeSupport, encodeSupport, maxSupportBytes } from "./support-code.ts";
import type { SupportCode } from "./support-code.ts";

/** Golomb's code as text, by its definition. */
function golombText(support: readonly number[], M: number): string {
  const short = Math.floor(Math.log2(M));
  const cut = 2 ** (short + 1) - M;
  return support
    .map((position, i) => {
      const gap = position - (support[i - 1] ?? -1) - 1;
      const rest = gap % M;
      const [code, width] = rest < cut ? [rest, short] : [rest + cut, short + 1];
      const tail = width === 0 ? "" : code.toString(2).padStart(width, "0");
      return `${"1".repeat(Math.floor(gap / M))}0${tail}`;
    })
    .join("");
}

const textOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");

const supports = fc
  .record({
    length: fc.integer({ min: 1, max: 400 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  })
  .chain(({ length, share }) =>
    fc
      .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: length, maxLength: length })
      .map((draws) => ({
        length,
        support: Uint32Array.from(draws.flatMap((draw, i) => (draw < share ? [i] : []))),
      })),
  );

function refusedWith(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return isFedtuneError(error) ? error.code : String(error);
  }
}

describe("a coded support", () => {
  it("[AD4] comes back, and never takes more than one bit for each position", () => {
    fc.assert(
      fc.property(supports, ({ support, length }) => {
        const code = encodeSupport(support, length);
        expect(decodeSupport(code, { length, count: support.length })).toEqual(support);
        expect(code.bytes.length).toBeLessThanOrEqual(maxSupportBytes(length));
        expect(code.bytes.length % 4).toBe(0);
      }),
    );
  });

  it("[AD6] is Golomb's code by its definition, with a parameter that no other beats by more than 1 % and two bits", () => {
    fc.assert(
      fc.property(supports, ({ support, length }) => {
        const code = encodeSupport(support, length);
        if (code.parameter === 0) return;
        const text = golombText([...support], code.parameter);
        expect(textOf(code.bytes)).toBe(text.padEnd(32 * Math.ceil(text.length / 32), "0"));
        const sizes = Array.from({ length }, (_, i) => golombText([...support], i + 1).length);
        expect(text.length).toBeLessThanOrEqual(1.01 * Math.min(...sizes) + 2);
      }),
      { numRuns: 60 },
    );
  });

  it.each([1 / 4, 1 / 16, 1 / 64, 1 / 1024])(
    "[AD6] at density %f is within 1.04 of the entropy",
    (d) => {
      const length = 200_000;
      const rng = rngFromSeed("positions");
      const support = Uint32Array.from({ length }, (_, i) => i).filter(() => rng.uniform() < d);
      const share = support.length / length;
      const entropy = -share * Math.log2(share) - (1 - share) * Math.log2(1 - share);
      const { bytes } = encodeSupport(support, length);
      expect(8 * bytes.length).toBeLessThan(1.04 * length * entropy);
    },
  );

  it("reads gaps beyond a word of ones and parameters beyond 24 bits", () => {
    const far = Uint32Array.of(0, 1, 2, 3, 4, 5, 900, 901, 50_000_000, 4_000_000_000);
    const length = 2 ** 32 - 1;
    const code = encodeSupport(far, length);
    expect(code.parameter).toBeGreaterThan(0);
    expect(decodeSupport(code, { length, count: far.length })).toEqual(far);
    const last = Uint32Array.of(4_000_000_000);
    expect(encodeSupport(last, length).parameter).toBeGreaterThan(2 ** 24);
    expect(decodeSupport(encodeSupport(last, length), { length, count: 1 })).toEqual(last);
    const text = `${"1".repeat(99)}0`.padEnd(128, "0");
    const bytes = Uint8Array.from({ length: 16 }, (_, i) =>
      Number.parseInt(text.slice(8 * i, 8 * i + 8), 2),
    );
    expect([...decodeSupport({ parameter: 1, bytes }, { length: 100, count: 1 })]).toEqual([99]);
    expect(
      refusedWith(() => decodeSupport({ parameter: 1, bytes }, { length: 99, count: 1 })),
    ).toBe("codec-invalid");
  });

  const length = 100;
  const few = Uint32Array.of(3, 40, 41, 97);
  const many = Uint32Array.from({ length: 50 }, (_, i) => 2 * i);
  const golomb = encodeSupport(few, length);
  const bitmap = encodeSupport(many, length);
  const longer = ({ parameter, bytes }: SupportCode): SupportCode => ({
    parameter,
    bytes: Uint8Array.of(...bytes, 0, 0, 0, 0),
  });
  const lastBit = ({ parameter, bytes }: SupportCode): SupportCode => {
    const copy = bytes.slice();
    copy[copy.length - 1]! |= parameter === 0 ? 0x80 : 1;
    return { parameter, bytes: copy };
  };

  it.each<[string, SupportCode, { length: number; count: number }]>([
    ["a bitmap with another count", bitmap, { length, count: 49 }],
    ["a bitmap with another count", bitmap, { length, count: 51 }],
    ["a bitmap of another length", bitmap, { length: 60, count: 50 }],
    ["a bitmap with a bit behind its end", lastBit(bitmap), { length, count: 51 }],
    ["a longer bitmap", longer(bitmap), { length, count: 50 }],
    ["Golomb's code with a gap less", golomb, { length, count: 3 }],
    ["Golomb's code with a gap more", golomb, { length, count: 20 }],
    ["Golomb's code beyond the end", golomb, { length: 97, count: 4 }],
    ["Golomb's code with bits behind it", lastBit(golomb), { length, count: 4 }],
    ["longer Golomb's code", longer(golomb), { length, count: 4 }],
    ["a parameter beyond the length", { ...golomb, parameter: 101 }, { length, count: 4 }],
    ["more positions than there are", golomb, { length: 3, count: 4 }],
    ["no bits", { parameter: 7, bytes: new Uint8Array() }, { length, count: 4 }],
  ])("[AD5] refuses %s", (_what, code, size) => {
    expect([golomb.parameter > 0, bitmap.parameter]).toEqual([true, 0]);
    expect(refusedWith(() => decodeSupport(code, size))).toBe("codec-invalid");
  });
});
