import {
  adapterKind,
  adapterLayout,
  initialAdapter,
  keptCount,
  rngFromSeed,
  selectRoles,
} from "@fedtune/core";
import type { BroadcastPart, Method, MethodContext, MethodUpdate, Tier } from "@fedtune/core";
import { expectClose, expectSameBits } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { sliceOf } from "../rank-slices.ts";
import { cellm } from "./cellm.ts";
import type { CellmState } from "./cellm.ts";
import { fedavg } from "./fedavg.ts";

const kind = adapterKind("lora");
const modules = [
  { name: "q", in: 12, out: 10 },
  { name: "v", in: 8, out: 9 },
];
const head = [{ name: "head.weight", module: "head", role: "head" as const, shape: [2, 5] }];

function contextOf(...ranks: readonly [number, ...number[]]): MethodContext {
  const tierOf = (rank: number): Tier => {
    const settings = { rank, loraAlpha: 8 };
    const layout = adapterLayout(kind, settings, { modules, head });
    return { rank, layout, scaling: kind.scaling(settings) };
  };
  const [first, ...others] = ranks;
  const tiers: MethodContext["tiers"] = [tierOf(first), ...others.map(tierOf)];
  const layoutFor = (rank: number) => tiers.find((tier) => tier.rank === rank)!.layout;
  const initial = (rank: number) =>
    initialAdapter(
      layoutFor(rank),
      { kind, init: "kaiming", rank, loraAlpha: 8, weights: null },
      rngFromSeed("first"),
    );
  return { tiers, initial, head: "share", uploadCodec: "f32" };
}

const dense = { densityDown: 1, densityUp: 1, serverOptimizer: { name: "sgd" } };
const sgd = { serverOptimizer: { name: "sgd" } };

/** A dense change of one tier, by seed. */
function changeOf(context: MethodContext, rank: number, seed: string): Float32Array {
  const rng = rngFromSeed(seed);
  const { layout } = context.tiers.find((tier) => tier.rank === rank)!;
  return Float32Array.from({ length: layout.size }, () => 0.1 * rng.normal());
}

const roles = ["down", "up", "head"] as const;
const denseUpdate = (index: number, rank: number, delta: Float32Array): MethodUpdate => ({
  ...{ index, rank, weight: 1, roles, delta },
});

function close<Config, State>(
  method: Method<Config, State>,
  state: State,
  round: {
    readonly updates: readonly MethodUpdate[];
    readonly number?: number;
    readonly sampled?: number;
  },
) {
  const { updates, number = 1, sampled = updates.length } = round;
  const totalWeight = updates.reduce((sum, { weight }) => sum + weight, 0);
  const facts = { round: number, sampled, accepted: updates.length, totalWeight };
  const accumulator = method.begin(state, facts, { index: 0, previous: null });
  for (const update of updates) method.accumulate(accumulator, update);
  return method.finish(state, accumulator, rngFromSeed("finish"));
}

const started = (options: unknown, context: MethodContext): CellmState =>
  cellm.init(cellm.config.parse(options), context);

const factorsOf = (parts: readonly BroadcastPart[]) =>
  parts.filter((part) => part.kind === "factors");

describe("cellm", () => {
  it("[AG16] at density 1 with plain SGD is fedavg with equal weights, bit for bit", () => {
    const context = contextOf(4);
    let mine = started(dense, context);
    let theirs = fedavg.init({}, context, rngFromSeed("init"));
    for (const number of [1, 2, 3]) {
      const updates = [0, 1, 2].map((index) =>
        denseUpdate(index, 4, changeOf(context, 4, `${String(number)} at ${String(index)}`)),
      );
      const uneven = updates.map((update, index) => ({ ...update, weight: 1 + 7 * index }));
      const closed = close(cellm, mine, { updates: uneven, number });
      const known = close(fedavg, theirs, { updates, number });
      expectSameBits(cellm.adapter(closed.state, 4), fedavg.adapter(known.state, 4));
      expect(closed.parts).toEqual(known.parts);
      mine = closed.state;
      theirs = known.state;
    }
  });

  it("[AG14] plans dense updates at density 1, and the agreed number of values below it", () => {
    const context = contextOf(4);
    const client = { index: 0, rank: 4, holds: 0 };
    expect(cellm.plan(started(dense, context), 1, client).sparsify).toBeNull();
    const { sparsify, upload } = cellm.plan(started({}, context), 1, client);
    expect(sparsify).toEqual({
      density: 0.25,
      mask: "role",
      dense: ["head"],
      errorFeedbackRounds: 0,
      freezeZeros: false,
    });
    const packed = selectRoles(context.tiers[0].layout, upload);
    expect(keptCount(packed, sparsify!)).toBe(10 + Math.floor(80 / 4) + Math.floor(76 / 4));
  });

  it("divides by the clients that were drawn, also where one or none of them sent a coordinate", () => {
    const context = contextOf(4);
    const state = started({ ...sgd, densityDown: 1 }, context);
    const send = (index: number, support: number[], values: number[]): MethodUpdate => ({
      ...denseUpdate(index, 4, Float32Array.from(values)),
      support: Uint32Array.from(support),
    });
    const updates = [send(0, [0, 5], [1, 2]), send(1, [5, 7], [4, -1])];
    const before = cellm.adapter(state, 4);
    const { state: after } = close(cellm, state, { updates, sampled: 5 });
    const moved = cellm.adapter(after, 4).map((value, i) => value - before[i]!);
    const expected = new Float32Array(moved.length);
    expected.set([1 / 5], 0);
    expected.set([6 / 5], 5);
    expected.set([-1 / 5], 7);
    expectClose(moved, expected, 1e-6);
    const idle = { ...updates[0]!, index: 9, weight: 0 };
    const again = close(cellm, state, { updates: [...updates, idle], sampled: 6 });
    expectSameBits(cellm.adapter(again.state, 4), cellm.adapter(after, 4));
  });

  it.each(["global", "tensor", "role"] as const)(
    "[AG17] clients start from the largest values of P by %s; the model is P, or with evaluateMasked what they have",
    (mask) => {
      const context = contextOf(4);
      const update = denseUpdate(0, 4, changeOf(context, 4, "one"));
      const ends = [false, true].map((evaluateMasked) => {
        const options = {
          ...sgd,
          densityUp: 1,
          densityDown: 0.3,
          mask,
          headDense: false,
          evaluateMasked,
        };
        const state = started(options, context);
        expectSameBits(
          cellm.clientAdapter(state, 4),
          context.initial(4),
          "the first round's start",
        );
        expectSameBits(cellm.adapter(state, 4), context.initial(4));
        return close(cellm, state, { updates: [update] });
      });
      const [plain, masked] = ends as [(typeof ends)[0], (typeof ends)[0]];
      const P = cellm.adapter(plain.state, 4);
      const held = cellm.clientAdapter(plain.state, 4);
      expectSameBits(cellm.adapter(masked.state, 4), held);
      const [part] = factorsOf(plain.parts);
      expect(part!.support).toHaveLength(held.filter((value) => value !== 0).length);
      held.forEach((value, i) => {
        if (value !== 0) expect(value).toBe(P[i]);
      });
      const { factors } = context.tiers[0].layout;
      const inRole = (role: string) => factors.filter((factor) => factor.role === role);
      const groups = {
        global: [factors],
        tensor: factors.map((factor) => [factor]),
        role: roles.map(inRole),
      };
      for (const group of groups[mask]) {
        const places = group.flatMap(({ offset, size }) =>
          Array.from({ length: size }, (_, i) => offset + i),
        );
        const kept = places.filter((i) => held[i] !== 0).map((i) => Math.abs(P[i]!));
        const cut = places.filter((i) => held[i] === 0).map((i) => Math.abs(P[i]!));
        expect(kept).toHaveLength(Math.floor(0.3 * places.length));
        expect(Math.min(...kept)).toBeGreaterThanOrEqual(Math.max(...cut));
      }
    },
  );

  it("lets densities fall by the decay, to the smallest and not below", () => {
    const state = started({ densityUp: 0.4, densityDecay: 0.5, minDensity: 0.06 }, contextOf(4));
    const densities = [1, 2, 3, 4, 900].map(
      (round) => cellm.plan(state, round, { index: 0, rank: 4, holds: 0 }).sparsify?.density,
    );
    expect(densities).toEqual([0.4, 0.2, 0.1, 0.06, 0.06]);
    const rising = started({ densityUp: 0.01, minDensity: 0.5 }, contextOf(4));
    expect(cellm.plan(rising, 3, { index: 0, rank: 4, holds: 0 }).sparsify?.density).toBe(0.01);
  });

  it("[AG18] places the changes of every rank in the widest adapter, and tiers stay its slices", () => {
    const context = contextOf(2, 4);
    const [narrow, wide] = context.tiers as [Tier, Tier];
    const state = started(dense, context);
    const [small, large] = [changeOf(context, 2, "small"), changeOf(context, 4, "large")];
    const updates = [denseUpdate(0, 2, small), denseUpdate(1, 4, large)];
    const { state: after } = close(cellm, state, { updates });
    const expected = context.initial(4).map((value, i) => value + large[i]! / 2);
    for (const { name, role, shape, offset } of narrow.layout.factors) {
      const place = wide.layout.factors.find((factor) => factor.name === name)!;
      const [rows = 1, columns = 1] = shape;
      for (let at = 0; at < rows * columns; at++) {
        const [i, j] = [Math.floor(at / columns), at % columns];
        // The scaling of rank 2 is twice that of rank 4: the same B means twice as much.
        const change = (role === "up" ? 2 : 1) * small[offset + at]!;
        const target = place.offset + i * (place.shape[1] ?? 1) + j;
        expected[target] = expected[target]! + change / 2;
      }
    }
    const P = cellm.adapter(after, 4);
    expectClose(P, expected, 1e-6);
    expectSameBits(cellm.adapter(after, 2), sliceOf({ ...wide, values: P }, narrow));
  });

  it("[AG12] refuses a stored state of another shape", () => {
    const context = contextOf(4);
    const options = cellm.config.parse({});
    const bytes = cellm.encode(cellm.init(options, context));
    const plain = cellm.config.parse(sgd);
    expect(() => cellm.decode(bytes, plain, context)).toThrow(
      expect.objectContaining({ code: "shape-mismatch" }),
    );
    expect(() => cellm.decode(bytes.subarray(0, 20), options, context)).toThrow(
      expect.objectContaining({ code: "codec-invalid" }),
    );
  });

  it.each([
    ["more positions than values", [0, 1, 2], 2],
    ["a position beyond the end", [0, 100_000], 2],
  ])("[AG8] refuses %s", (_what, support, size) => {
    const state = started({}, contextOf(4));
    const update = {
      ...denseUpdate(0, 4, new Float32Array(size)),
      support: Uint32Array.from(support),
    };
    expect(() => close(cellm, state, { updates: [update] })).toThrow(
      expect.objectContaining({ code: "shape-mismatch" }),
    );
  });
});
