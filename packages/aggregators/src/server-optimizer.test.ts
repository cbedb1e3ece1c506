import { rngFromSeed } from "@fedtune/core";
import { expectClose } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { openMemory, optimizerStep, power, serverOptimizerSchema } from "./server-optimizer.ts";
import type { ServerOptimizer } from "./server-optimizer.ts";

const rng = rngFromSeed("server optimiser");
const draw = (): Float64Array => Float64Array.from({ length: 7 }, () => rng.normal());
const start = Float32Array.from(draw());

function played(optimizer: ServerOptimizer, gradients: readonly Float64Array[]): Float32Array {
  let values: Float32Array = start;
  let memory = openMemory(optimizer, start.length);
  for (const gradient of gradients) {
    ({ values, memory } = optimizerStep({ optimizer, memory }, { values, gradient }));
  }
  return values;
}

describe("server optimisers", () => {
  it("AdamW's first step has the length of its learning rate, whatever the gradient's", () => {
    const optimizer = serverOptimizerSchema.parse({ name: "adamw", learningRate: 0.01 });
    for (const scale of [1e-3, 1, 1e3]) {
      const gradient = draw().map((value) => scale * value);
      const moved = played(optimizer, [gradient]);
      const expected = start.map((value, i) => value - 0.01 * Math.sign(gradient[i]!));
      expectClose(moved, expected, 1e-4);
    }
  });

  it("AdamW without gradient only decays, and later goes on by its momentum", () => {
    const optimizer = serverOptimizerSchema.parse({
      name: "adamw",
      learningRate: 0.1,
      weightDecay: 0.5,
    });
    const none = new Float64Array(start.length);
    expectClose(
      played(optimizer, [none]),
      start.map((value) => 0.95 * value),
      1e-6,
    );
    const calm = serverOptimizerSchema.parse({ name: "adamw" });
    const [one, two] = [played(calm, [draw()]), played(calm, [draw(), none])];
    expect(two).not.toEqual(one);
  });

  it("SGD's momentum adds a share of all earlier gradients", () => {
    const optimizer = serverOptimizerSchema.parse({
      name: "sgd",
      learningRate: 0.5,
      momentum: 0.9,
    });
    const [first, second] = [draw(), draw()];
    const expected = start.map(
      (value, i) => value - 0.5 * (first[i]! + second[i]! + 0.9 * first[i]!),
    );
    expectClose(played(optimizer, [first, second]), expected, 1e-6);
  });

  it("plain SGD with rate 1 takes the gradient off, rounded once, and remembers nothing", () => {
    const optimizer = serverOptimizerSchema.parse({ name: "sgd" });
    const gradient = draw();
    const moved = played(optimizer, [gradient]);
    expect([...moved]).toEqual([...start.map((value, i) => value - gradient[i]!)]);
    expect(openMemory(optimizer, 7).vectors).toEqual([]);
  });

  it("leaves values, gradient and memory as they were", () => {
    const optimizer = serverOptimizerSchema.parse(undefined);
    const memory = openMemory(optimizer, start.length);
    const gradient = draw();
    const before = structuredClone({ start, gradient, memory });
    optimizerStep({ optimizer, memory }, { values: start, gradient });
    expect({ start, gradient, memory }).toEqual(before);
  });

  it("integer powers are those of repeated multiplication", () => {
    for (const exponent of [0, 1, 2, 7, 30]) {
      let slow = 1;
      for (let i = 0; i < exponent; i++) slow *= 0.9;
      expect(power(0.9, exponent)).toBeCloseTo(slow, 14);
    }
    expect(power(1, 10_000)).toBe(1);
  });
});
