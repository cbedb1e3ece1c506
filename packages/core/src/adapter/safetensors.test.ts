import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { utf8 } from "../bytes.ts";
import { isFedtuneError } from "../errors.ts";
import {
  readSafetensors,
  tensorToFloat32,
  writeSafetensors,
  type TensorToWrite,
} from "./safetensors.ts";
import { readSafetensorsHeader, safetensorsHeaderBytes } from "./safetensors-header.ts";

const folder = new URL("../../golden/safetensors/", import.meta.url);
const golden = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(name, folder)));
const json = (name: string): unknown => JSON.parse(readFileSync(new URL(name, folder), "utf8"));

interface Expected {
  readonly metadata: Record<string, string> | null;
  readonly tensors: Record<string, { dtype: string; shape: number[]; values: unknown[] }>;
}

/** A file of that header text and `size` zero bytes. */
function fileOf(header: string, size = 0): Uint8Array {
  const text = utf8(header);
  const bytes = new Uint8Array(8 + text.length + size);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 8);
  return bytes;
}

const tensor = (dtype: string, shape: unknown, offsets: unknown): object => ({
  dtype,
  shape,
  data_offsets: offsets,
});
const invalid = (text: string) =>
  expect.objectContaining({
    code: "safetensors-invalid",
    message: expect.stringContaining(text) as string,
  }) as unknown;

const dims = fc.array(fc.nat(4), { maxLength: 3 });
const someTensor = fc
  .tuple(fc.string(), dims, fc.constantFrom("F32", "F16"))
  .chain(([name, shape, dtype]) => {
    const size = shape.reduce((product, extent) => product * extent, 1);
    return fc
      .float32Array({ minLength: size, maxLength: size, min: -60000, max: 60000, noNaN: true })
      .map((values): TensorToWrite => ({ name, shape, dtype: dtype, values }));
  });
const someFile = fc.record({
  tensors: fc.uniqueArray(someTensor, { selector: ({ name }) => name, maxLength: 5 }),
  metadata: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
});

describe("safetensors", () => {
  it.each(["mixed.safetensors", "plain.safetensors"])(
    "[AD7] reads %s of the Python library",
    (name) => {
      const expected = (json("expected.json") as Record<string, Expected>)[name]!;
      const { metadata, tensors } = readSafetensors(golden(name));
      expect(Object.fromEntries(metadata)).toEqual(expected.metadata ?? {});
      expect([...tensors.keys()].sort()).toEqual(Object.keys(expected.tensors).sort());
      for (const [key, { dtype, shape, values }] of Object.entries(expected.tensors)) {
        const found = tensors.get(key)!;
        expect([found.dtype, found.shape]).toEqual([dtype, shape]);
        const wanted = values.map((value) =>
          Math.fround(value === "inf" ? Infinity : Number(value)),
        );
        expect([...tensorToFloat32(found)]).toEqual(wanted);
      }
    },
  );

  it("[AD7] writes the bytes that the Python library writes", () => {
    const only = { name: "only", shape: [2, 3], values: new Float32Array([0, 1, 2, 3, 4, 5]) };
    expect(writeSafetensors([only])).toEqual(golden("plain.safetensors"));
  });

  it("[AD7] refuses every broken file of the golden list, as the Python library does", () => {
    const { cases } = json("broken.json") as { cases: { name: string; base64: string }[] };
    expect(cases.length).toBeGreaterThan(10);
    for (const { name, base64 } of cases) {
      const bytes = new Uint8Array(Buffer.from(base64, "base64"));
      expect(() => readSafetensors(bytes), name).toThrow(invalid(""));
    }
  });

  it("[AD7] reads what it wrote, the same bytes for any order of tensors", () => {
    fc.assert(
      fc.property(someFile, ({ tensors, metadata }) => {
        const kept = tensors.filter(({ name }) => name !== "__metadata__");
        const bytes = writeSafetensors(kept, metadata);
        expect(writeSafetensors([...kept].reverse(), metadata)).toEqual(bytes);
        const read = readSafetensors(bytes);
        expect([...read.metadata].sort()).toEqual(Object.entries(metadata).sort());
        expect(read.tensors.size).toBe(kept.length);
        for (const { name, shape, dtype, values } of kept) {
          const found = read.tensors.get(name)!;
          expect([found.shape, found.dtype]).toEqual([shape, dtype]);
          const back = tensorToFloat32(found, { finite: true });
          for (const [index, value] of values.entries()) {
            const allowed = dtype === "F16" ? Math.max(Math.abs(value) * 2 ** -11, 2 ** -25) : 0;
            expect(Math.abs(back[index]! - value)).toBeLessThanOrEqual(allowed);
          }
        }
      }),
    );
  });

  it("[AD7] the header ends at a multiple of 8 and can be read alone", () => {
    const bytes = writeSafetensors(
      [{ name: "w", shape: [3], values: new Float32Array([1, 2, 3]) }],
      { format: "pt" },
    );
    const size = safetensorsHeaderBytes(bytes.subarray(0, 8));
    expect(size % 8).toBe(0);
    const header = readSafetensorsHeader(bytes.subarray(0, size));
    expect(header.fileBytes).toBe(bytes.length);
    expect(header.tensors.get("w")).toEqual({
      name: "w",
      dtype: "F32",
      shape: [3],
      start: size,
      end: size + 12,
    });
    expect(tensorToFloat32(readSafetensors(bytes).tensors.get("w")!).buffer).toBe(bytes.buffer);
  });

  it("[AD7] a tensor named like a prototype's member is a tensor like any other", () => {
    const names = ["__proto__", "constructor", "0", "toString"];
    const tensors = names.map((name) => ({ name, shape: [1], values: new Float32Array([7]) }));
    const read = readSafetensors(
      writeSafetensors(tensors, JSON.parse('{"__proto__":"x"}') as Record<string, string>),
    );
    expect([...read.tensors.keys()].sort()).toEqual([...names].sort());
    expect(read.metadata.get("__proto__")).toBe("x");
    expect(({} as Record<string, unknown>)["dtype"]).toBeUndefined();
  });

  it.each([
    ["dtype", { w: tensor("F8", [1], [0, 1]) }, 'tensor "w" has dtype "F8", wanted one of F64'],
    ["dtype of a prototype", { w: tensor("toString", [1], [0, 1]) }, "wanted one of"],
    ["shape", { w: tensor("F32", [1.5], [0, 4]) }, "wrong shape"],
    ["shape", { w: tensor("F32", [2 ** 53], [0, 4]) }, "wrong shape"],
    ["shape", { w: tensor("F32", "x", [0, 4]) }, "wrong shape"],
    [
      "product of shape",
      { w: tensor("F32", [2 ** 50, 2 ** 50, 0], [0, 4]) },
      "has 4 bytes, wanted 0",
    ],
    ["product of shape", { w: tensor("F32", [2 ** 52, 2 ** 52], [0, 4]) }, "has 4 bytes, wanted"],
    ["offsets", { w: tensor("F32", [1], [0, 4, 8]) }, "wrong data_offsets"],
    ["offsets", { w: tensor("F32", [1], [-4, 0]) }, "wrong data_offsets"],
    ["start", { w: tensor("F32", [1], [4, 8]) }, "begins at byte"],
    ["field", { w: { ...tensor("F32", [1], [0, 4]), extra: 1 } }, 'unknown field "extra"'],
    ["entry", { w: [1] }, "has no object"],
    ["metadata", { __metadata__: { a: 1 } }, '__metadata__ "a" is not a text'],
    ["metadata", { __metadata__: [] }, "__metadata__ is not an object"],
  ])("[AD7] refuses a wrong %s and names it", (_, header, message) => {
    expect(() => readSafetensors(fileOf(JSON.stringify(header), 4))).toThrow(invalid(message));
  });

  it("[AD7] refuses duplicate names, deep nesting, a byte order mark and a huge header", () => {
    const w = '"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}';
    expect(() => readSafetensors(fileOf(`{${w},${w}}`, 4))).toThrow(invalid('"w" only once'));
    expect(() => readSafetensors(fileOf(`{"w":${"[".repeat(9999)}`, 4))).toThrow(
      invalid("less nesting"),
    );
    expect(() => readSafetensors(fileOf(`\uFEFF{${w}}`, 4))).toThrow(invalid("does not begin"));
    const huge = new Uint8Array(16);
    new DataView(huge.buffer).setUint32(0, 2 ** 31, true);
    expect(() => readSafetensors(huge)).toThrow(invalid("wanted at most 16777216"));
  });

  it("[AD7] a file cut anywhere is refused", () => {
    const bytes = golden("mixed.safetensors");
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readSafetensors(bytes.subarray(0, length))).toThrow(invalid(""));
    }
  });

  it("[AD7] a changed header never ends in anything but a FedtuneError", () => {
    const bytes = golden("mixed.safetensors");
    const end = safetensorsHeaderBytes(bytes);
    const edit = fc.tuple(
      fc.nat(end - 1),
      fc.oneof(fc.nat(255), fc.constantFrom(...utf8('{}[]",:0189\\'))),
    );
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        const copy = bytes.slice();
        for (const [at, byte] of edits) copy[at] = byte;
        try {
          for (const found of readSafetensors(copy).tensors.values()) tensorToFloat32(found);
        } catch (error) {
          expect(isFedtuneError(error, "safetensors-invalid")).toBe(true);
        }
      }),
      { numRuns: 3000 },
    );
  });

  it("[AD7] asks for finite values where told to, and never writes others", () => {
    const bytes = writeSafetensors([{ name: "w", shape: [2], values: new Float32Array(2) }]);
    new DataView(bytes.buffer).setFloat32(bytes.length - 4, NaN, true);
    const w = readSafetensors(bytes).tensors.get("w")!;
    expect(tensorToFloat32(w)[1]).toBeNaN();
    expect(() => tensorToFloat32(w, { finite: true })).toThrow(
      expect.objectContaining({ code: "not-finite", data: { tensor: "w", index: 1 } }),
    );
    const write = (value: number, dtype: "F32" | "F16") => () =>
      writeSafetensors([{ name: "w", shape: [1], dtype, values: new Float32Array([value]) }]);
    expect(write(Infinity, "F32")).toThrow(expect.objectContaining({ code: "not-finite" }));
    expect(write(70000, "F16")).toThrow(expect.objectContaining({ code: "not-finite" }));
  });

  it("[AD7] does not write what it would not read", () => {
    const one = { name: "w", shape: [1], values: new Float32Array(1) };
    expect(() => writeSafetensors([one, { ...one, dtype: "F16" }])).toThrow(invalid("comes twice"));
    expect(() => writeSafetensors([{ ...one, name: "__metadata__" }])).toThrow(invalid("metadata"));
    expect(() => writeSafetensors([{ ...one, shape: [2] }])).toThrow(
      invalid("has 1 values, wanted 2"),
    );
  });
});
