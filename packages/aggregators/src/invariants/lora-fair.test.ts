/** LoRA-FAIR between the means and the best product of a rank: on random factors, and on those of a real adapter. */
import { existsSync, readFileSync } from "node:fs";
import {
  aggregationError,
  combine,
  layoutOf,
  matrixFrom,
  multiply,
  multiplyTransposedRight,
  readSafetensors,
  rngFromSeed,
  subtract,
  tensorToFloat32,
  zeros,
} from "@fedtune/core";
import type { Layout, LowRank, Matrix, Method, MethodUpdate } from "@fedtune/core";
import { expectClose, expectSameBits } from "@fedtune/testkit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fedavg } from "../methods/fedavg.ts";
import { flexlora } from "../methods/flexlora.ts";
import { loraFair } from "../methods/lora-fair.ts";
import { pairPlaces, readPair, writePair } from "../module-pairs.ts";
import { benchOf, closedWith, cohorts, roundOf, warmedUp } from "../test-support/cohort.ts";

const adapter = new URL(
  "../../../../../shared/models/roberta-base-lora-mnli/adapter.safetensors",
  import.meta.url,
);
const runs = { numRuns: 25 };

/** What clients sent for one module, and what each method makes of it from the same start. */
interface Case {
  readonly sent: readonly (LowRank & { readonly weight: number })[];
  readonly start: LowRank;
}

const bench = benchOf(fedavg);
const before = warmedUp(bench);

/** A random cohort around a start whose B is not zero. */
const cases = cohorts([2]).map(({ seed, clients }): Case => {
  const { trained } = roundOf(bench, before, { seed, clients });
  const [place] = pairPlaces(bench.context.tiers[0].layout);
  const start = readPair(bench.method.adapter(before.server.state, 2), place!);
  const sent = trained.map((values, k) => ({
    weight: clients[k]!.weight,
    ...readPair(values, place!),
  }));
  return { sent, start };
});

/** The pair that a method ends with. */
function pairAfter(method: Method, { sent, start }: Case, config: object = {}): LowRank {
  const [rank, width, out] = [start.down.rows, start.down.cols, start.up.rows];
  const layout = layoutOf([
    { name: "m.A", module: "m", role: "down", shape: [rank, width] },
    { name: "m.B", module: "m", role: "up", shape: [out, rank] },
  ]);
  const initial = packed(layout, start);
  const tiers = [{ rank, layout, scaling: 2 }] as const;
  const own = {
    ...bench,
    method,
    config: method.config.parse(config),
    context: { ...bench.context, tiers, initial: () => initial.slice() },
  };
  const state = method.init(own.config, own.context, rngFromSeed("init"));
  const updates = sent.map((pair, index): MethodUpdate => {
    const delta = packed(layout, pair).map((value, i) => value - initial[i]!);
    return { index, rank, weight: pair.weight, roles: ["down", "up"], delta };
  });
  const closed = closedWith(own, { state, round: 0, published: new Map() }, updates);
  return readPair(method.adapter(closed.state, rank), pairPlaces(layout)[0]!);
}

function packed(layout: Layout, pair: LowRank): Float32Array {
  const values = new Float32Array(layout.size);
  for (const place of pairPlaces(layout)) writePair(values, place, pair);
  return values;
}

const errorOf = (method: Method, some: Case, config: object = {}): number =>
  aggregationError(some.sent, pairAfter(method, some, config));

/** Relative errors: the best product of the rank, LoRA-FAIR without a penalty, the means. */
function errorsOf(some: Case): readonly [number, number, number] {
  return [errorOf(flexlora, some), errorOf(loraFair, some, { lambda: 0 }), errorOf(fedavg, some)];
}

/** Means over a case's shares. */
function meanOf({ sent }: Case, of: (pair: LowRank) => Matrix): Matrix {
  const total = sent.reduce((sum, { weight }) => sum + weight, 0);
  const first = of(sent[0]!);
  return sent.reduce(
    (sum, pair) => combine(1, sum, { beta: pair.weight / total, B: of(pair) }),
    zeros(first.rows, first.cols),
  );
}

const lengthOf = ({ data }: Matrix): number => Math.hypot(...data);

describe("lora-fair", () => {
  it("misses no more than the means, and no less than the best product of the rank", () => {
    fc.assert(
      fc.property(cases, (some) => {
        const [best, fair, means] = errorsOf(some);
        expect(best).toBeLessThanOrEqual(fair + 1e-6);
        expect(fair).toBeLessThanOrEqual(means + 1e-6);
      }),
      runs,
    );
  });

  it("solves the normal equations D (A A^T + mu I) = (dW - B A) A^T", () => {
    const lambdas = fc.constantFrom(0.001, 0.01, 0.3, 10);
    fc.assert(
      fc.property(cases, lambdas, (some, lambda) => {
        const [B, A] = [meanOf(some, ({ up }) => up), meanOf(some, ({ down }) => down)];
        const ideal = meanOf(some, ({ up, down }) => multiply(up, down));
        const D = subtract(pairAfter(loraFair, some, { lambda }).up, B);
        const gram = multiplyTransposedRight(A, A);
        const mu = (lambda * (gram.data[0]! + gram.data[3]!)) / 2;
        const left = combine(mu, D, { beta: 1, B: multiply(D, gram) });
        const right = multiplyTransposedRight(subtract(ideal, multiply(B, A)), A);
        expectClose(left.data, right.data, 5e-6 * (1 + lambda));
      }),
      runs,
    );
  });

  it("corrects less the larger lambda is, down to nothing", () => {
    fc.assert(
      fc.property(cases, (some) => {
        const B = meanOf(some, ({ up }) => up);
        const sizes = [0, 0.01, 0.1, 1, 10, 1e3, 1e6].map((lambda) =>
          lengthOf(subtract(pairAfter(loraFair, some, { lambda }).up, B)),
        );
        for (const [i, size] of sizes.entries()) {
          expect(size).toBeLessThanOrEqual((sizes[i - 1] ?? Infinity) + 1e-6);
        }
        expect(sizes.at(-1)).toBeLessThan(1e-5 * (1 + lengthOf(B)));
      }),
      runs,
    );
  });

  it.each([{ mode: "ridge" }, { mode: "ridge", lambda: 0 }, { mode: "cos-sgd", steps: 50 }])(
    "corrects nothing where all clients agree: %o",
    (options) => {
      fc.assert(
        fc.property(cases, ({ sent, start }) => {
          const alike = sent.map((pair) => ({ ...sent[0]!, weight: pair.weight }));
          for (const residual of ["A", "B", "both"]) {
            const { up, down } = pairAfter(
              loraFair,
              { sent: alike, start },
              { ...options, residual },
            );
            expectClose(up.data, sent[0]!.up.data, 2e-6);
            expectClose(down.data, sent[0]!.down.data, 2e-6);
          }
        }),
        { numRuns: 10 },
      );
    },
  );

  it("is the mirror image of itself when it corrects A: transposed clients give the transposed result", () => {
    fc.assert(
      fc.property(cases, (some) => {
        const mirror = ({ up, down }: LowRank): LowRank => ({ up: turned(down), down: turned(up) });
        const other: Case = {
          sent: some.sent.map((pair) => ({ weight: pair.weight, ...mirror(pair) })),
          start: mirror(some.start),
        };
        const own = pairAfter(loraFair, some, { residual: "A" });
        const back = mirror(pairAfter(loraFair, other, { residual: "B" }));
        expectClose(own.down.data, back.down.data, 2e-6);
        expectSameBits(Float32Array.from(own.up.data), Float32Array.from(back.up.data));
      }),
      runs,
    );
  });

  it.skipIf(!existsSync(adapter))(
    "keeps that order on the layers of a real adapter as pretended clients (needs ../shared/models)",
    () => {
      const { tensors } = readSafetensors(readFileSync(adapter));
      const factor = (name: string): Matrix => {
        const tensor = tensors.get(name)!;
        return matrixFrom(tensorToFloat32(tensor), tensor.shape);
      };
      for (const part of ["query", "value"]) {
        const sent = Array.from({ length: 4 }, (_, layer) => {
          const place = `roberta.encoder.layer.${String(3 * layer)}.attention.self.${part}`;
          return {
            weight: 1 + layer,
            up: factor(`${place}.lora_B`),
            down: factor(`${place}.lora_A`),
          };
        });
        const start = { up: zeros(768, 8), down: sent[0]!.down };
        const [best, fair, means] = errorsOf({ sent, start });
        expect(best).toBeLessThan(fair);
        expect(fair).toBeLessThan(means);
        // Layers have little in common: the means miss nearly everything, and so would the best product of rank 8 a part.
        expect(best).toBeGreaterThan(0.1);
      }
    },
  );
});

function turned({ rows, cols, data }: Matrix): Matrix {
  const values = new Float64Array(data.length);
  data.forEach((value, i) => (values[(i % cols) * rows + Math.floor(i / cols)] = value));
  return { rows: cols, cols: rows, data: values };
}
