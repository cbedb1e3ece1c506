import { describe, expect, it } from "vitest";
import type { BroadcastPart } from "../method.ts";
import { layoutOf } from "./layout.ts";
import { applyParts } from "./parts.ts";

const layout = layoutOf([
  { name: "m.lora_A", module: "m", role: "down", shape: [1, 2] },
  { name: "m.lora_B", module: "m", role: "up", shape: [3, 1] },
  { name: "head.weight", module: "head", role: "head", shape: [1] },
]);
const held = Float32Array.of(1, 2, 3, 4, 5, 6);
const left = Float32Array.of(1, 2, 3);
const right = Float32Array.of(4, 5);

function factors(id: string, roles: ("down" | "up" | "head")[], values: number[]): BroadcastPart {
  return { kind: "factors", id, rank: 1, roles, values: Float32Array.from(values) };
}

describe("applyParts", () => {
  it("overwrites the roles of a part and leaves the rest and its inputs alone", () => {
    const { values, residuals } = applyParts(layout, held, [
      factors("a", ["down", "head"], [7, 8, 9]),
    ]);
    expect([...values]).toEqual([7, 8, 3, 4, 5, 9]);
    expect([...held]).toEqual([1, 2, 3, 4, 5, 6]);
    expect(residuals).toEqual([]);
  });

  it("applies parts in order, so that the last one wins, and keeps the order of residuals", () => {
    const { values, residuals } = applyParts(layout, held, [
      factors("a", ["up"], [7, 8, 9]),
      { kind: "residual", id: "b", modules: [{ module: "m", rank: 1, left, right }] },
      factors("c", ["up"], [0, 0, 1]),
      { kind: "residual", id: "d", modules: [{ module: "n", rank: 1, left, right }] },
    ]);
    expect([...values]).toEqual([1, 2, 0, 0, 1, 6]);
    expect(residuals.map(({ module }) => module)).toEqual(["m", "n"]);
  });

  it("hands back a copy when there is nothing to apply", () => {
    const { values } = applyParts(layout, held, []);
    expect(values).toEqual(held);
    expect(values).not.toBe(held);
  });

  it.each([
    ["a vector of another size", held.subarray(1), []],
    ["a part that is too short", held, [factors("a", ["up"], [1, 2])]],
    ["a part that is too long", held, [factors("a", ["up"], [1, 2, 3, 4])]],
    [
      "a residual whose sides disagree with its rank",
      held,
      [{ kind: "residual", id: "b", modules: [{ module: "m", rank: 2, left, right }] } as const],
    ],
  ] satisfies [string, Float32Array, BroadcastPart[]][])("refuses %s", (_what, values, parts) => {
    expect(() => applyParts(layout, values, parts)).toThrow(
      expect.objectContaining({ code: "shape-mismatch" }),
    );
  });
});
