import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFedtuneError } from "../errors.ts";
import { digest } from "../ids.ts";
import { rngFromSeed } from "../rng.ts";
import { decodeVectorBlob, encodeVectorBlob, vectorBlobBytes } from "./blob.ts";
import { codecNames, codecs } from "./codec.ts";
import type { CodecName } from "./codec.ts";
import { decodeSparseBlob, encodeSparseBlob, maxSparseBlobBytes } from "./sparse-blob.ts";
import type { ExpectedSparseBlob } from "./sparse-blob.ts";
import { largest, pick } from "./top-k.ts";

const layoutHash = digest("0123456789abcdef".repeat(4));
const header = { kind: "update", round: 3, layoutHash } as const;

function blobOf(length: number, kept: number, codec: CodecName = "f32") {
  const rng = rngFromSeed(`sparse ${String(length)}`);
  const all = Float32Array.from({ length }, () => rng.normal());
  const support = largest(all, kept);
  const values = pick(all, support);
  const bytes = encodeSparseBlob({ ...header, codec, support, values, size: length });
  const expected: ExpectedSparseBlob = { ...header, codec, length, kept };
  return { support, values, bytes, expected };
}

function codeOf(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (isFedtuneError(error)) return error.code;
    throw error;
  }
}

describe("a sparse blob", () => {
  it.each(codecNames)("[AD4] comes back in %s, for any length and count", (codec) => {
    const counts = fc
      .integer({ min: 1, max: 300 })
      .chain((length) => fc.tuple(fc.constant(length), fc.integer({ min: 0, max: length })));
    fc.assert(
      fc.property(counts, ([length, kept]) => {
        const { support, values, bytes, expected } = blobOf(length, kept, codec);
        const decoded = decodeSparseBlob(bytes, expected);
        expect(decoded.support).toEqual(support);
        expect(decoded.values).toEqual(codecs[codec].decode(codecs[codec].encode(values), kept));
        expect(bytes.length).toBeLessThanOrEqual(maxSparseBlobBytes(codec, { length, kept }));
      }),
      { numRuns: 60 },
    );
  });

  it("[AD6] has a header with the sparse flag and the number of values kept", () => {
    const { bytes } = blobOf(100, 6);
    expect([...bytes.subarray(0, 16)]).toEqual([
      ...[0x46, 0x54, 0x55, 0x4e, 1, 2, 1, 1],
      ...[3, 0, 0, 0, 6, 0, 0, 0],
    ]);
  });

  const densities = [1 / 4, 1 / 16, 1 / 64];
  it.each(densities.flatMap((density) => codecNames.map((codec) => [density, codec] as const)))(
    "[AD6] [AG14] at density %f in %s takes less than 1.15 of entropy and values, counting everything",
    (density, codec) => {
      const length = 2 ** 16;
      const kept = length * density;
      const { bytes } = blobOf(length, kept, codec);
      const entropy = -density * Math.log2(density) - (1 - density) * Math.log2(1 - density);
      const bound = (length * entropy) / 8 + codecs[codec].encodedBytes(kept);
      expect(bytes.length).toBeGreaterThan(bound);
      expect(bytes.length).toBeLessThan(1.15 * bound);
    },
  );

  it("[AD6] at density 1/16 is more than ten times smaller than the dense vector", () => {
    const length = 2 ** 16;
    const { bytes } = blobOf(length, length / 16);
    expect(10 * bytes.length).toBeLessThan(vectorBlobBytes("f32", length));
  });

  it("[AG21] [AD5] bits turned over at random are refused, or still give a support in order and in range", () => {
    const length = 500;
    for (const kept of [20, 200]) {
      const { bytes, expected } = blobOf(length, kept);
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: 0, max: 8 * bytes.length - 1 }), {
            minLength: 1,
            maxLength: 8,
          }),
          (flips) => {
            const damaged = bytes.slice();
            for (const bit of flips) damaged[bit >>> 3]! ^= 1 << (bit & 7);
            let decoded;
            try {
              decoded = decodeSparseBlob(damaged, expected);
            } catch (error) {
              expect(isFedtuneError(error), String(error)).toBe(true);
              return;
            }
            expect(decoded.support).toHaveLength(kept);
            expect(decoded.values.every(Number.isFinite)).toBe(true);
            const steps = decoded.support.map(
              (position, i) => position - (decoded.support[i - 1] ?? -1),
            );
            expect(steps.every((step) => step > 0 && step <= length)).toBe(true);
            expect(decoded.support.at(-1)).toBeLessThan(length);
          },
        ),
        { numRuns: 500 },
      );
    }
  });

  it("[AD5] cut short anywhere, or made longer, is refused", () => {
    const { bytes, expected } = blobOf(300, 30);
    for (let size = 0; size < bytes.length; size++) {
      expect(codeOf(() => decodeSparseBlob(bytes.subarray(0, size), expected))).toBe(
        "codec-invalid",
      );
    }
    const longer = Uint8Array.of(...bytes, 0, 0, 0, 0);
    expect(codeOf(() => decodeSparseBlob(longer, expected))).toBe("update-too-large");
  });

  const { bytes, expected, support, values } = blobOf(300, 30);
  const dense = encodeVectorBlob({ ...header, codec: "f32", values });
  const word = (at: number, value: number): Uint8Array => {
    const copy = bytes.slice();
    new DataView(copy.buffer).setUint32(at, value, true);
    return copy;
  };
  const withValue = (value: number): Uint8Array => {
    const copy = bytes.slice();
    new DataView(copy.buffer).setFloat32(copy.length - 4, value, true);
    return copy;
  };

  it.each<[string, Uint8Array, Partial<ExpectedSparseBlob>, string]>([
    ["a dense blob", dense, {}, "codec-invalid"],
    ["unknown flags", word(4, 0x03_01_02_01), {}, "codec-invalid"],
    ["more values than agreed", bytes, { kept: 29 }, "update-too-large"],
    ["fewer values than agreed", bytes, { kept: 31 }, "shape-mismatch"],
    ["positions out of range", bytes, { length: 250 }, "codec-invalid"],
    ["another parameter", word(48, 3), {}, "codec-invalid"],
    ["a support of another size", word(52, 400), {}, "codec-invalid"],
    ["a support of a broken size", word(52, 6), {}, "codec-invalid"],
    ["another round", bytes, { round: 4 }, "wrong-round"],
    ["another layout", bytes, { layoutHash: digest("f".repeat(64)) }, "layout-mismatch"],
    ["another kind", bytes, { kind: "factors" }, "codec-invalid"],
    ["another codec", bytes, { codec: "f16" }, "codec-invalid"],
    ["a NaN", withValue(Number.NaN), {}, "not-finite"],
    ["an infinity", withValue(-Infinity), {}, "not-finite"],
  ])("[AD5] [AG8] refuses %s", (_what, damaged, change, code) => {
    expect(codeOf(() => decodeSparseBlob(damaged, { ...expected, ...change }))).toBe(code);
  });

  it("[AD5] is no dense blob", () => {
    const wanted = { ...header, codec: "f32", length: support.length } as const;
    expect(codeOf(() => decodeVectorBlob(bytes, wanted))).toBe("codec-invalid");
  });
});
