import { expectSameBits, nodeHash, toyLayout } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { codecNames } from "./adapter/codec.ts";
import { gatherRoles, layoutHash, layoutOf, selectRoles } from "./adapter/layout.ts";
import { keptCount } from "./adapter/top-k.ts";
import type { Sparsify } from "./method.ts";
import { rngFromSeed } from "./rng.ts";
import {
  checkUpdate,
  decodeUpdate,
  encodeSparseUpdate,
  encodeUpdate,
  maxUpdateBytes,
} from "./update.ts";
import type { ExpectedUpdate } from "./update.ts";

const layout = toyLayout(4);
const roles = ["down", "up", "head"] as const;
const packed = selectRoles(layout, roles);
const rng = rngFromSeed("update");
const draw = (): Float32Array => Float32Array.from({ length: layout.size }, () => rng.normal());
const [start, trained] = [draw(), draw()];
const source = {
  layout,
  layoutHash: layoutHash(layout, nodeHash),
  round: 3,
  roles,
  start,
  trained,
};
const sparsify: Sparsify = {
  density: 0.1,
  mask: "global",
  dense: ["head"],
  errorFeedbackRounds: 1,
  freezeZeros: false,
};
const kept = keptCount(packed, sparsify);
const { layoutHash: hash, round } = source;
const expected: ExpectedUpdate = {
  round,
  codec: "f32",
  layoutHash: hash,
  length: packed.size,
  kept,
};

const change = gatherRoles(layout, trained, roles).map(
  (value, i) => value - gatherRoles(layout, start, roles)[i]!,
);

describe("a sparse update", () => {
  it.each(codecNames)(
    "[AD4] [AG14] brings the agreed number of the change's values in %s",
    (codec) => {
      const { bytes } = encodeSparseUpdate({ ...source, codec, sparsify, unsent: null });
      const wanted = { ...expected, codec };
      expect(bytes.length).toBeLessThanOrEqual(maxUpdateBytes(wanted));
      const { delta, support, norm } = checkUpdate(bytes, wanted);
      expect(support).toHaveLength(kept);
      expect(norm).toBeCloseTo(Math.hypot(...delta), 5);
      if (codec === "f32")
        expectSameBits(
          delta,
          Float32Array.from(support!, (at) => change[at]!),
        );
      expect(decodeUpdate(bytes, wanted)).toEqual({ delta, support });
    },
  );

  it("leaves what it does not bring, and a later one brings both together", () => {
    const one = encodeSparseUpdate({ ...source, codec: "f32", sparsify, unsent: null });
    const { support, delta } = decodeUpdate(one.bytes, expected);
    const together = one.unsent.slice();
    for (const [i, at] of support!.entries()) together[at] = delta[i]!;
    expectSameBits(together, change);
    const still = { ...source, codec: "f32", trained: start, sparsify } as const;
    const two = encodeSparseUpdate({ ...still, unsent: one.unsent });
    const later = decodeUpdate(two.bytes, expected);
    expectSameBits(
      later.delta,
      Float32Array.from(later.support!, (at) => one.unsent[at]!),
    );
    const [least] = [...delta.subarray(0, -12)].map(Math.abs).sort((a, b) => a - b);
    expect(Math.max(...later.delta.map(Math.abs))).toBeLessThanOrEqual(least!);
  });

  it("[AG8] is neither made of values that are not finite nor of another layout", () => {
    const broken = trained.slice();
    broken[5] = Number.NaN;
    const make = (values: Float32Array) => () =>
      encodeSparseUpdate({ ...source, codec: "f32", trained: values, sparsify, unsent: null });
    expect(make(broken)).toThrow(expect.objectContaining({ code: "not-finite" }));
    expect(make(trained.subarray(1))).toThrow(expect.objectContaining({ code: "shape-mismatch" }));
  });

  it("[AD5] and a dense one are not taken for each other", () => {
    const sparse = encodeSparseUpdate({ ...source, codec: "f32", sparsify, unsent: null }).bytes;
    const { bytes: dense } = encodeUpdate({ ...source, codec: "f32" });
    const refused = expect.objectContaining({ code: "codec-invalid" }) as unknown;
    expect(() => checkUpdate(dense, expected)).toThrow(refused);
    expect(() => checkUpdate(sparse, { ...expected, kept: null })).toThrow(refused);
    expect(checkUpdate(dense, { ...expected, kept: null }).support).toBeNull();
  });
});

describe("the norm of a change that was just made", () => {
  it.each([
    ["whole fours", [64, 8, 12]],
    ["a last part of another length", [64, 8, 7]],
    ["parts that do not begin at a multiple of four", [5, 63, 2, 9]],
  ])("is to the bit what is found in its bytes: %s", (_, sizes) => {
    const parts = layoutOf(
      sizes.map((size, k) => ({ name: `f${k}`, module: "m", role: "down", shape: [size] })),
    );
    const values = (): Float32Array =>
      Float32Array.from({ length: parts.size }, () => rng.normal());
    const of = { layout: parts, start: values(), trained: values(), roles: ["down"] as const };
    const wanted = { ...expected, length: parts.size, kept: null };
    const { bytes, norm } = encodeUpdate({ ...source, ...of, codec: "f32" });
    expect(norm).toBe(checkUpdate(bytes, wanted).norm);
    const noisy = encodeUpdate({ ...source, ...of, codec: "f32", perturb: (it) => it.fill(0.3) });
    expect(noisy.norm).toBe(checkUpdate(noisy.bytes, wanted).norm);
    expect(encodeUpdate({ ...source, ...of, codec: "f16" }).norm).toBeNull();
  });

  it("[FW1] [AD5] saves the pass over the values, and no other check", () => {
    const { bytes, norm } = encodeUpdate({ ...source, codec: "f32" });
    const wanted = { ...expected, kept: null };
    bytes.fill(0, 48);
    expect(checkUpdate(bytes, wanted, norm).norm).toBe(norm);
    const code = (of: string): unknown => expect.objectContaining({ code: of });
    const low = { ...wanted, maxNorm: norm! / 2 };
    expect(() => checkUpdate(bytes, low, norm)).toThrow(code("norm-exceeded"));
    const later = { ...wanted, round: round + 1 };
    expect(() => checkUpdate(bytes, later, norm)).toThrow(code("wrong-round"));
  });
});

describe("the norm bound", () => {
  it.each(["dense", "sparse"])(
    "[FW1] refuses a longer %s update and takes one that reaches it",
    (form) => {
      const codec = "f32";
      const bytes =
        form === "dense"
          ? encodeUpdate({ ...source, codec }).bytes
          : encodeSparseUpdate({ ...source, codec, sparsify, unsent: null }).bytes;
      const wanted = form === "dense" ? { ...expected, kept: null } : expected;
      const { norm } = checkUpdate(bytes, wanted);
      expect(checkUpdate(bytes, { ...wanted, maxNorm: norm }).norm).toBe(norm);
      expect(checkUpdate(bytes, { ...wanted, maxNorm: null }).norm).toBe(norm);
      const below = norm * (1 - 1e-12);
      expect(() => checkUpdate(bytes, { ...wanted, maxNorm: below })).toThrow(
        expect.objectContaining({ code: "norm-exceeded", data: { norm, maxNorm: below } }),
      );
    },
  );

  it("[FW1] comes after what makes an update no update: a NaN is told as such", () => {
    const { bytes } = encodeUpdate({ ...source, codec: "f32" });
    new DataView(bytes.buffer, bytes.byteOffset).setFloat32(bytes.length - 4, Number.NaN, true);
    const bounded = { ...expected, kept: null, maxNorm: 1e-9 };
    expect(() => checkUpdate(bytes, bounded)).toThrow(
      expect.objectContaining({ code: "not-finite" }),
    );
  });
});
