import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFedtuneError } from "../errors.ts";
import { digest } from "../ids.ts";
import { decodeVectorBlob, encodeVectorBlob, vectorBlobBytes, type VectorBlob } from "./blob.ts";
import { readBlobHeader } from "./blob-header.ts";
import { codecNames, codecs } from "./codec.ts";
import { decodeResidualBlob, encodeResidualBlob } from "./residual-blob.ts";

const layoutHash = digest("0123456789abcdef".repeat(4));
const values = Float32Array.from({ length: 70 }, (_, index) => Math.cos(index));
const blob: VectorBlob = { kind: "update", codec: "f32", round: 3, layoutHash, values };
const expected = { kind: "update", codec: "f32", round: 3, layoutHash, length: 70 } as const;

function changed(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = byte;
  return copy;
}

const refusal = (code: string, data: object = {}) =>
  expect.objectContaining({ code, data: expect.objectContaining(data) as unknown }) as unknown;

describe("vector blob", () => {
  const bytes = encodeVectorBlob(blob);

  it.each(codecNames)("[AD4] [AD6] %s comes back, with the announced size", (codec) => {
    const encoded = encodeVectorBlob({ ...blob, codec });
    expect(encoded.length).toBe(vectorBlobBytes(codec, 70));
    expect(encoded.length).toBe(48 + codecs[codec].encodedBytes(70));
    const decoded = decodeVectorBlob(encoded, { ...expected, codec });
    expect(decoded).toEqual(codecs[codec].decode(codecs[codec].encode(values), 70));
  });

  it("[AD6] the header is 48 bytes with fixed places", () => {
    expect([...bytes.subarray(0, 16)]).toEqual([
      ...[0x46, 0x54, 0x55, 0x4e, 1, 2, 1, 0],
      ...[3, 0, 0, 0, 70, 0, 0, 0],
    ]);
    expect(readBlobHeader(bytes)).toEqual({
      kind: "update",
      codec: "f32",
      round: 3,
      length: 70,
      layoutHash,
      sparse: false,
    });
  });

  it.each([
    ["magic", changed(bytes, 0, 0), "codec-invalid"],
    ["version", changed(bytes, 4, 2), "codec-invalid"],
    ["kind", changed(bytes, 5, 9), "codec-invalid"],
    ["kind", changed(bytes, 5, 1), "codec-invalid"],
    ["codec", changed(bytes, 6, 2), "codec-invalid"],
    ["flags", changed(bytes, 7, 1), "codec-invalid"],
    ["round", changed(bytes, 8, 4), "wrong-round"],
    ["length", changed(bytes, 12, 71), "shape-mismatch"],
    ["layoutHash", changed(bytes, 20, 0), "layout-mismatch"],
  ])("[AD5] refuses another %s", (field, damaged, code) => {
    expect(() => decodeVectorBlob(damaged, expected)).toThrow(refusal(code, { field }));
  });

  it("[AD5] refuses every truncation, and anything behind the end", () => {
    for (let length = 0; length < bytes.length; length++) {
      const cut = bytes.subarray(0, length);
      expect(() => decodeVectorBlob(cut, expected)).toThrow(refusal("codec-invalid"));
    }
    const longer = new Uint8Array([...bytes, 0]);
    expect(() => decodeVectorBlob(longer, expected)).toThrow(refusal("update-too-large"));
  });

  it("[AD5] names the first value that is not finite", () => {
    const damaged = changed(changed(bytes, 48 + 4 * 9 + 3, 0x7f), 48 + 4 * 9 + 2, 0x80);
    expect(() => decodeVectorBlob(damaged, expected)).toThrow(refusal("not-finite", { index: 9 }));
    expect(() => encodeVectorBlob({ ...blob, values: new Float32Array([0, NaN]) })).toThrow(
      refusal("not-finite", { index: 1 }),
    );
  });

  it("[AD5] refuses a header that cannot be written", () => {
    expect(() => encodeVectorBlob({ ...blob, round: -1 })).toThrow(RangeError);
    expect(() => encodeVectorBlob({ ...blob, round: 2 ** 32 })).toThrow(RangeError);
  });

  it("[AD5] random bytes end in a FedtuneError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(60), (noise, kept) => {
        const mixed = new Uint8Array([...bytes.subarray(0, kept), ...noise]);
        try {
          decodeVectorBlob(mixed, expected);
        } catch (error) {
          expect(isFedtuneError(error)).toBe(true);
        }
      }),
    );
  });
});

describe("residual blob", () => {
  const modules = [
    { name: "layer.0.query", in: 5, out: 4 },
    { name: "layer.0.value", in: 5, out: 3 },
  ] as const;
  const parts = [
    {
      module: "layer.0.value",
      rank: 1,
      left: new Float32Array([1, 2, 3]),
      right: new Float32Array(5).fill(4),
    },
    {
      module: "layer.0.query",
      rank: 2,
      left: new Float32Array(8).fill(5),
      right: new Float32Array(10).fill(6),
    },
  ];
  const residual = { codec: "f32", round: 2, layoutHash, modules: parts } as const;
  const wanted = { codec: "f32", round: 2, layoutHash, modules } as const;
  const bytes = encodeResidualBlob(residual);

  it("[AD4] brings every factor back, aligned", () => {
    const decoded = decodeResidualBlob(bytes, wanted);
    expect(decoded).toEqual(parts);
    expect(decoded[0]?.left.buffer).toBe(bytes.buffer);
  });

  it("[AD4] [AD6] goes through any codec", () => {
    const [left] = decodeResidualBlob(encodeResidualBlob({ ...residual, codec: "f16" }), {
      ...wanted,
      codec: "f16",
    });
    expect(left).toEqual(parts[0]);
  });

  it("[AD4] an empty list of residuals is a blob too", () => {
    expect(decodeResidualBlob(encodeResidualBlob({ ...residual, modules: [] }), wanted)).toEqual(
      [],
    );
  });

  it("[AD5] refuses another round, layout, kind, module, shape, rank and size", () => {
    const decode =
      (change: object, data: Uint8Array = bytes) =>
      () =>
        decodeResidualBlob(data, { ...wanted, ...change });
    expect(decode({ round: 1 })).toThrow(refusal("wrong-round"));
    expect(decode({}, changed(bytes, 16, 2))).toThrow(refusal("layout-mismatch"));
    expect(decode({}, encodeVectorBlob({ ...blob, round: 2 }))).toThrow(refusal("codec-invalid"));
    expect(decode({ modules: [modules[0]] })).toThrow(
      refusal("layout-mismatch", { field: "module" }),
    );
    expect(decode({ modules: [modules[0], { ...modules[1], in: 6 }] })).toThrow(
      refusal("shape-mismatch"),
    );
    expect(decode({}, new Uint8Array([...bytes, 0]))).toThrow(refusal("update-too-large"));
    const twice = encodeResidualBlob({ ...residual, modules: [parts[0]!, parts[0]!] });
    expect(decode({}, twice)).toThrow(refusal("layout-mismatch"));
    expect(() => encodeResidualBlob({ ...residual, modules: [{ ...parts[0]!, rank: 2 }] })).toThrow(
      refusal("shape-mismatch"),
    );
  });

  it("[AD5] refuses every truncation and survives every changed byte of header and index", () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeResidualBlob(bytes.subarray(0, length), wanted)).toThrow(
        refusal("codec-invalid"),
      );
    }
    fc.assert(
      fc.property(fc.nat(120), fc.nat(255), (at, byte) => {
        try {
          decodeResidualBlob(changed(bytes, at, byte), wanted);
        } catch (error) {
          expect(isFedtuneError(error)).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
