import { rngFromSeed } from "@fedtune/core";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { relativeDifference } from "../../test-support/golden.ts";
import { kernelBench, normals, rowsOf } from "../../test-support/kernel-bench.ts";
import { layerNorm, layerNormGradient } from "./layer-norm.ts";

const bench = await kernelBench();
const { tensor, run } = bench;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Layer norm of one row in float64, and its gradient by the chain rule. */
function slowRow(row: readonly number[], gamma: Float32Array, epsilon: number) {
  const centre = mean(row);
  const inverse = 1 / Math.sqrt(mean(row.map((x) => (x - centre) ** 2)) + epsilon);
  const xhat = row.map((x) => (x - centre) * inverse);
  const gradient = (dy: readonly number[]): number[] => {
    const g = dy.map((value, j) => value * gamma[j]!);
    const along = mean(g.map((value, j) => value * xhat[j]!));
    return g.map((value, j) => (value - mean(g) - xhat[j]! * along) * inverse);
  };
  return { xhat, inverse, gradient };
}

describe("our layer norm", () => {
  test("and its gradient equal the formula in float64 for any width", () => {
    const shapes = fc.record({
      rows: fc.integer({ min: 1, max: 6 }),
      columns: fc.integer({ min: 2, max: 40 }),
      withResidual: fc.boolean(),
      shift: fc.constantFrom(0, 5, -30),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(shapes, ({ rows, columns, withResidual, shift, seed }) => {
        bench.reset();
        const rng = rngFromSeed(seed);
        const draw = (count: number) => normals(rng, count);
        const x = draw(rows * columns).map((value) => value + shift);
        const [residual, dy] = [draw(rows * columns), draw(rows * columns)];
        const [gamma, beta] = [draw(columns), draw(columns)];
        const shape = [rows, columns];
        const parameters = { gamma: tensor(gamma, [columns]), beta: tensor(beta, [columns]) };
        const more = withResidual ? { residual: tensor(residual, shape) } : {};
        const [y, xhat, inverse] = run(
          layerNorm,
          { x: tensor(x, shape), ...parameters, ...more },
          { epsilon: 1e-5 },
        );
        const kept = { xhat: tensor(xhat!, shape), inverse: tensor(inverse!, [rows]) };
        const [dx] = run(layerNormGradient, { dy: tensor(dy, shape), ...parameters, ...kept });
        const input = x.map((value, i) => value + (withResidual ? residual[i]! : 0));
        const wanted = rowsOf(input, columns).map((row) => slowRow(row, gamma, 1e-5));
        const wantedY = wanted.flatMap((row) => row.xhat.map((v, j) => v * gamma[j]! + beta[j]!));
        const wantedDx = rowsOf(dy, columns).flatMap((row, i) => wanted[i]!.gradient(row));
        // A shift of 30 costs digits: the mean is subtracted in float32. Two columns have next to no gradient.
        const tolerance = shift === 0 ? 1e-5 : 2e-3;
        expect(relativeDifference(y!, wantedY)).toBeLessThan(tolerance);
        expect(
          relativeDifference(
            inverse!,
            wanted.map((row) => row.inverse),
          ),
        ).toBeLessThan(tolerance);
        if (columns > 3) expect(relativeDifference(dx!, wantedDx)).toBeLessThan(tolerance);
      }),
    );
  });

  test("[TN9] lets NaN through, and only in its row", () => {
    bench.reset();
    for (const column of [0, 5]) {
      const x = Float32Array.from({ length: 18 }, (_, index) => index % 5);
      x[6 + column] = Number.NaN;
      const parameters = {
        gamma: tensor([1, 1, 1, 1, 1, 1], [6]),
        beta: tensor([0, 0, 0, 0, 0, 0], [6]),
      };
      const inputs = { x: tensor(x, [3, 6]), ...parameters };
      const [y] = run(layerNorm, inputs, { epsilon: 1e-5 });
      expect(rowsOf(y!, 6).map((row) => row.every(Number.isNaN))).toEqual([false, true, false]);
    }
  });
});
