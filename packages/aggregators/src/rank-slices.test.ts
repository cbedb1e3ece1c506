import { FedtuneError, layoutOf, rngFromSeed } from "@fedtune/core";
import type { Layout, MethodContext, Tier } from "@fedtune/core";
import { expectClose } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { addSlice, checkSlices, forEachPlace, sliceOf } from "./rank-slices.ts";

const [inputs, out] = [3, 4];

function layoutFor(rank: number): Layout {
  return layoutOf([
    { name: "q.A", module: "q", role: "down", shape: [rank, inputs] },
    { name: "q.B", module: "q", role: "up", shape: [out, rank] },
    { name: "q.m", module: "q", role: "magnitude", shape: [out] },
    { name: "head", module: "head", role: "head", shape: [2, 2] },
  ]);
}

const tier = (rank: number): Tier => ({ rank, layout: layoutFor(rank), scaling: 8 / rank });
const [narrow, wide] = [tier(2), tier(5)];
const rng = rngFromSeed("slices");
const draw = (size: number): Float32Array =>
  Float32Array.from({ length: size }, () => rng.normal());
const values = draw(wide.layout.size);

/** s B A by three loops, from values of a tier's layout. */
function product({ layout, rank, scaling }: Tier, from: ArrayLike<number>, directions = rank) {
  const [A, B] = [layout.factors[0]!, layout.factors[1]!];
  return Float64Array.from({ length: out * inputs }, (_, at) => {
    const [i, j] = [Math.floor(at / inputs), at % inputs];
    let sum = 0;
    for (let k = 0; k < directions; k++) {
      sum += from[B.offset + i * rank + k]! * from[A.offset + k * inputs + j]!;
    }
    return scaling * sum;
  });
}

describe("rank slices", () => {
  it("[AG18] a slice has the product of the widest adapter's first directions, in its own scaling", () => {
    const slice = sliceOf({ ...wide, values }, narrow);
    expectClose(product(narrow, slice), product(wide, values, 2), 1e-6);
    expect([...slice.subarray(-8)]).toEqual([...values.subarray(-8)]);
    expect([...slice.subarray(0, 6)]).toEqual([...values.subarray(0, 6)]);
    expect([...sliceOf({ ...wide, values }, wide)]).toEqual([...values]);
  });

  it("[AG24] what is added to a slice's place is what the tier meant by it, and nothing else moves", () => {
    const change = draw(narrow.layout.size);
    const sums = Float64Array.from(values);
    addSlice({ ...wide, sums }, { ...narrow, values: change }, 0.5);
    const slice = sliceOf({ ...wide, values }, narrow);
    const moved = slice.map((value, i) => value + 0.5 * change[i]!);
    expectClose(product(wide, sums, 2), product(narrow, moved), 1e-6);
    const touched = new Set<number>();
    forEachPlace(wide, narrow, (at) => touched.add(at));
    expect(touched.size).toBe(narrow.layout.size);
    for (const [at, value] of sums.entries()) {
      expect(value !== values[at], `place ${String(at)}`).toBe(touched.has(at));
    }
  });

  it("refuses a factor that is no part of the widest one", () => {
    const other = {
      ...narrow,
      layout: layoutOf([{ name: "q.A", module: "q", role: "down", shape: [2, inputs + 1] }]),
    };
    const unknown = {
      ...narrow,
      layout: layoutOf([{ name: "v.A", module: "v", role: "down", shape: [2, inputs] }]),
    };
    for (const wrong of [other, unknown]) {
      expect(() => sliceOf({ ...wide, values }, wrong)).toThrow(FedtuneError);
    }
    expect(() => sliceOf({ ...narrow, values: draw(20) }, wide)).toThrow(/no part of/);
  });

  it("refuses tiers whose first adapters are no slices of the widest one's", () => {
    const context = (of: (rank: number) => Float32Array): MethodContext => ({
      tiers: [narrow, wide],
      initial: of,
      head: "share",
      uploadCodec: "f32",
    });
    const slices = (rank: number) => (rank === 5 ? values : sliceOf({ ...wide, values }, narrow));
    expect(() => {
      checkSlices(context(slices));
    }).not.toThrow();
    expect(() => {
      checkSlices(context((rank) => draw(layoutFor(rank).size)));
    }).toThrow(expect.objectContaining({ code: "config-conflict" }));
  });
});
