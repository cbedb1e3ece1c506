import { layoutOf, rngFromSeed } from "@fedtune/core";
import type { Layout, MethodContext, MethodUpdate, Tier } from "@fedtune/core";
import { expectClose, expectSameBits } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { hetlora } from "./hetlora.ts";

const [inputs, out, widest] = [5, 4, 3];

function layoutFor(rank: number): Layout {
  return layoutOf([
    { name: "q.A", module: "q", role: "down", shape: [rank, inputs] },
    { name: "q.B", module: "q", role: "up", shape: [out, rank] },
    { name: "head", module: "head", role: "head", shape: [3] },
  ]);
}

const tierOf = (rank: number): Tier => ({ rank, layout: layoutFor(rank), scaling: 6 / rank });
const first = rngFromSeed("first");
const A0 = Float32Array.from({ length: widest * inputs }, () => first.normal());
const context: MethodContext = {
  tiers: [tierOf(1), tierOf(2), tierOf(3)],
  initial(rank) {
    const values = new Float32Array(layoutFor(rank).size);
    values.set(A0.subarray(0, rank * inputs));
    return values;
  },
  head: "share",
  uploadCodec: "f32",
};
const roles = ["down", "up", "head"] as const;

interface Trained {
  readonly rank: number;
  readonly weight: number;
  readonly values: Float32Array;
}

/** What a client of a rank trained, by seed: anything. */
function trained(rank: number, weight: number, seed: string): Trained {
  const rng = rngFromSeed(seed);
  return {
    rank,
    weight,
    values: Float32Array.from({ length: layoutFor(rank).size }, () => rng.normal()),
  };
}

function close(state: ReturnType<typeof hetlora.init>, clients: readonly Trained[]) {
  const round = state.round + 1;
  const facts = { round, sampled: clients.length, accepted: clients.length, totalWeight: 1 };
  const sums = hetlora.begin(state, facts);
  clients.forEach(({ rank, weight, values }, index) => {
    const start = hetlora.adapter(state, rank);
    const delta = values.map((value, i) => value - start[i]!);
    const update: MethodUpdate = { index, rank, weight, roles, delta };
    hetlora.accumulate(sums, update);
  });
  return hetlora.finish(state, sums);
}

/** The paper by full matrices: pad A to `[3, in]` and B to `[out, 3]`, weigh by ||s B A||, B in the scaling of rank 3. */
function padded(clients: readonly Trained[]) {
  const A = new Float64Array(widest * inputs);
  const B = new Float64Array(out * widest);
  let total = 0;
  for (const { rank, values } of clients) {
    const s = 6 / rank;
    let square = 0;
    for (let i = 0; i < out; i++) {
      for (let j = 0; j < inputs; j++) {
        let entry = 0;
        for (let k = 0; k < rank; k++) {
          entry += values[rank * inputs + i * rank + k]! * values[k * inputs + j]!;
        }
        square += (s * entry) ** 2;
      }
    }
    const weight = Math.sqrt(square);
    total += weight;
    for (let k = 0; k < rank; k++) {
      for (let j = 0; j < inputs; j++) A[k * inputs + j]! += weight * values[k * inputs + j]!;
      for (let i = 0; i < out; i++) {
        B[i * widest + k]! += weight * (s / 2) * values[rank * inputs + i * rank + k]!;
      }
    }
  }
  return [...A, ...B].map((sum) => sum / total);
}

const factorsOf = (values: Float32Array): Float32Array => values.subarray(0, -3);

describe("hetlora", () => {
  it("[AG16] [AG18] is the padded mean by norms, for any mix of ranks and over several rounds", () => {
    let state = hetlora.init({}, context);
    for (const seed of ["one", "two"]) {
      const clients = [3, 1, 2, 1, 3].map((rank, k) =>
        trained(rank, 1 + k, `${seed} ${String(k)}`),
      );
      const { state: next, metrics } = close(state, clients);
      const values = hetlora.adapter(next, 3);
      expectClose(factorsOf(values), padded(clients), 1e-6);
      const weights = clients.map(({ weight }) => weight / 15);
      const head = [0, 1, 2].map((i) =>
        clients.reduce((sum, c, k) => sum + weights[k]! * c.values[c.values.length + i - 3]!, 0),
      );
      expectClose(values.subarray(-3), head, 1e-6);
      for (const rank of [1, 2]) {
        const slice = hetlora.adapter(next, rank);
        expectSameBits(slice.subarray(0, rank * inputs), values.subarray(0, rank * inputs));
        expectSameBits(slice.subarray(-3), values.subarray(-3));
      }
      expect(metrics["meanNorm"]).toBeGreaterThan(0);
      state = next;
    }
  });

  it("a direction that few carry shrinks, and one that nobody carries stays as it was", () => {
    const before = close(hetlora.init({}, context), [trained(3, 1, "whole")]).state;
    const { state: after } = close(before, [trained(1, 1, "a"), trained(2, 1, "b")]);
    const [was, is] = [hetlora.adapter(before, 3), hetlora.adapter(after, 3)];
    const row = (values: Float32Array, k: number) => values.subarray(k * inputs, (k + 1) * inputs);
    expectSameBits(row(is, 2), row(was, 2));
    for (let i = 0; i < out; i++) {
      const at = widest * inputs + i * widest + 2;
      expect(is[at]).toBe(was[at]);
    }
    const second = trained(2, 1, "b").values.subarray(inputs, 2 * inputs);
    expect(Math.hypot(...row(is, 1))).toBeLessThan(Math.hypot(...second));
  });

  it("clients whose products are all zero are averaged by the round's weights", () => {
    const clients = [1, 3].map((weight, k) => {
      const { rank, values } = trained(3, weight, `idle ${String(k)}`);
      values.fill(0, widest * inputs, widest * (inputs + out));
      return { rank, weight, values };
    });
    const values = hetlora.adapter(close(hetlora.init({}, context), clients).state, 3);
    const expected = clients[0]!.values.map((value, i) => (value + 3 * clients[1]!.values[i]!) / 4);
    expectClose(values, expected, 1e-6);
  });

  it("refuses tiers that are no slices of one another", () => {
    const rng = rngFromSeed("other");
    const initial = (rank: number) =>
      Float32Array.from({ length: layoutFor(rank).size }, () => rng.normal());
    expect(() => hetlora.init({}, { ...context, initial })).toThrow(
      expect.objectContaining({ code: "config-conflict" }),
    );
  });
});
