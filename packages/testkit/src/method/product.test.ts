import { layoutOf } from "@fedtune/core";
import type { FactorSpec } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { effectiveUpdate } from "./product.ts";

const module = { name: "m", in: 3, out: 2 };
const A = [1, 0, 2, 0, 1, 1];
const B = [1, 2, 0, 1];

const place = { module: "m" };
const down: FactorSpec = { ...place, name: "m.A", role: "down", shape: [2, 3] };
const up: FactorSpec = { ...place, name: "m.B", role: "up", shape: [2, 2] };
const core: FactorSpec = { ...place, name: "m.R", role: "core", shape: [2, 2] };
const d: FactorSpec = { ...place, name: "m.d", role: "down", shape: [2] };
const b: FactorSpec = { ...place, name: "m.b", role: "up", shape: [2] };
const wide: FactorSpec = { module: "all", name: "all.A", role: "projection", shape: [2, 4] };
const tall: FactorSpec = { module: "all", name: "all.B", role: "projection", shape: [3, 2] };

const cases: readonly (readonly [
  string,
  readonly FactorSpec[],
  readonly number[],
  readonly number[],
])[] = [
  ["s B A", [down, up], [...A, ...B], [10, 20, 40, 0, 10, 10]],
  ["s B R A, R not transposed", [down, up, core], [...A, ...B, 0, 1, 0, 0], [0, 10, 10, 0, 0, 0]],
  [
    "s diag(b) B diag(d) A of the first rows and columns of shared B and A",
    [wide, tall, d, b],
    [1, 0, 2, 9, 0, 1, 1, 9, ...B, 9, 9, 3, 5, 1, 2],
    [30, 100, 160, 0, 100, 100],
  ],
];

describe("effectiveUpdate", () => {
  it.each(cases)("is %s", (_what, factors, values, expected) => {
    const tier = { rank: 2, layout: layoutOf(factors), scaling: 10 };
    const held = { values: Float32Array.from(values), residuals: [] };
    expect([...effectiveUpdate([module], tier, held)]).toEqual(expected);
  });

  it("adds what is in the base, unscaled", () => {
    const tier = { rank: 2, layout: layoutOf([down, up]), scaling: 10 };
    const [left, right] = [Float32Array.of(1, 2), Float32Array.of(1, 0, 3)];
    const residuals = [{ module: "m", rank: 1, left, right }];
    const values = Float32Array.from([...A, 0, 0, 0, 0]);
    expect([...effectiveUpdate([module], tier, { values, residuals })]).toEqual([1, 0, 3, 2, 0, 6]);
  });
});
