import { describe, expect, it } from "vitest";
import { adapterLayout } from "../adapter/initial.ts";
import { adapterKind } from "../adapter/kinds/registry.ts";
import type { Layout } from "../adapter/layout.ts";
import { factorView } from "../adapter/layout.ts";
import type { MethodUpdate, Tier } from "../method.ts";
import { rngFromSeed } from "../rng.ts";
import type { AggregationErrorRow } from "../store/store.ts";
import { openMeter } from "./aggregation-meter.ts";

const kind = adapterKind("lora");
const modules = [
  { name: "q", in: 30, out: 24 },
  { name: "v", in: 26, out: 40 },
];

function tierOf(rank: number, of = modules): Tier {
  const settings = { rank, loraAlpha: 6 };
  const layout = adapterLayout(kind, settings, { modules: of, head: [] });
  return { rank, layout, scaling: kind.scaling(settings) };
}

function randomValues(size: number, seed: string, scale: number): Float32Array {
  const rng = rngFromSeed(seed);
  return Float32Array.from({ length: size }, () => rng.normal() * scale);
}

interface Cohort {
  readonly tiers: readonly { readonly tier: Tier; readonly start: Float32Array }[];
  readonly updates: readonly MethodUpdate[];
  readonly broadcast: Float32Array;
}

function cohort(ranks: readonly number[], count: number, sparse = false): Cohort {
  const tiers = ranks.map((rank) => {
    const tier = tierOf(rank);
    return { tier, start: randomValues(tier.layout.size, `start ${rank}`, 0.3) };
  });
  const updates = Array.from({ length: count }, (_, index): MethodUpdate => {
    const { tier } = tiers[index % tiers.length]!;
    const { rank, layout } = tier;
    const whole = randomValues(layout.size, `delta ${index}`, 0.1);
    const support = sparse
      ? Uint32Array.from(whole.keys()).filter((i) => i % 3 === index % 3)
      : null;
    const delta = support === null ? whole : Float32Array.from(support, (i) => whole[i]!);
    const common = { index, rank, weight: 1 + (index % 3), roles: ["down", "up"] as const, delta };
    return support === null ? common : { ...common, support };
  });
  return { tiers, updates, broadcast: randomValues(tiers.at(-1)!.tier.layout.size, "sent", 0.3) };
}

async function measure({ tiers, updates, broadcast }: Cohort): Promise<AggregationErrorRow> {
  const meter = openMeter({
    tiers: [tiers[0]!, ...tiers.slice(1)],
    modules,
    product: "BA",
    clients: updates.length,
    rng: rngFromSeed("sketch"),
  });
  for (const update of updates) meter.add(update);
  return meter.finish({ values: broadcast, residuals: [] }, () => Promise.resolve());
}

/** Scaled B A, `[out * in]`. */
function product(tier: Tier, values: Float32Array, module: (typeof modules)[number]): Float64Array {
  const [A, B] = (["lora_A", "lora_B"] as const).map((name) =>
    view(tier.layout, values, `${module.name}.${name}`),
  );
  const result = new Float64Array(module.out * module.in);
  for (let i = 0; i < module.out; i++)
    for (let k = 0; k < tier.rank; k++)
      for (let j = 0; j < module.in; j++)
        result[i * module.in + j]! +=
          tier.scaling * B![i * tier.rank + k]! * A![k * module.in + j]!;
  return result;
}

function view(layout: Layout, values: Float32Array, name: string): Float32Array {
  return factorView(
    values,
    layout.factors.find((factor) => factor.name === name)!,
  );
}

/** The definition, with every `[out, in]` formed. */
function slowly({ tiers, updates, broadcast }: Cohort) {
  const widest = tiers.at(-1)!.tier;
  const squares = modules.map((module) => {
    const ideal = new Float64Array(module.out * module.in);
    const total = updates.reduce((sum, { weight }) => sum + weight, 0);
    for (const { rank, weight, delta, support } of updates) {
      const { tier, start } = tiers.find((its) => its.tier.rank === rank)!;
      const trained = start.slice();
      delta.forEach((value, i) => (trained[support?.[i] ?? i]! += value));
      product(tier, trained, module).forEach((value, i) => (ideal[i]! += (weight / total) * value));
    }
    const sent = product(widest, broadcast, module);
    const square = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
    return { distance: square(ideal.map((value, i) => value - sent[i]!)), ideal: square(ideal) };
  });
  const total = (of: "distance" | "ideal") => squares.reduce((sum, its) => sum + its[of], 0);
  return {
    total: Math.sqrt(total("distance") / total("ideal")),
    modules: squares.map(({ distance, ideal }) => Math.sqrt(distance / ideal)),
  };
}

describe("the aggregation meter", () => {
  it.each([
    ["one rank", cohort([2], 4)],
    ["several ranks", cohort([2, 3], 4)],
    ["sparse updates", cohort([3], 3, true)],
  ])("[RE16] is exact while clients x rank is small: %s", async (_, given) => {
    const wanted = slowly(given);
    const found = await measure(given);
    expect(found).toMatchObject({ reason: null });
    expect(found.standardError!).toBeLessThan(1e-12);
    expect(found.total! / wanted.total).toBeCloseTo(1, 6);
    expect(found.modules["q"]! / wanted.modules[0]!).toBeCloseTo(1, 6);
    expect(found.modules["v"]! / wanted.modules[1]!).toBeCloseTo(1, 6);
  });

  it("[RE16] sketches many clients within a few of its standard errors, each module for itself", async () => {
    const given = cohort([2, 4], 40);
    const wanted = slowly(given);
    const found = await measure(given);
    expect(found.standardError!).toBeGreaterThan(0);
    expect(found.standardError!).toBeLessThan(0.2 * wanted.total);
    expect(Math.abs(found.total! - wanted.total)).toBeLessThan(5 * found.standardError!);
    expect(found.modules["q"]! / wanted.modules[0]!).toBeCloseTo(1, 0);
  });

  it("[RE16] the sketch is unbiased: its squares average to the square of the distance", async () => {
    const given = cohort([4], 20);
    const wanted = slowly(given).total ** 2;
    const found: number[] = [];
    for (let k = 0; k < 60; k++) {
      const meter = openMeter({
        tiers: [given.tiers[0]!],
        modules,
        product: "BA",
        clients: 20,
        rng: rngFromSeed(`sketch ${k}`),
      });
      for (const update of given.updates) meter.add(update);
      const row = await meter.finish({ values: given.broadcast, residuals: [] }, () =>
        Promise.resolve(),
      );
      found.push(row.total! ** 2);
    }
    const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
    const deviation = Math.sqrt(
      found.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (found.length - 1),
    );
    expect(Math.abs(mean - wanted)).toBeLessThan(4 * (deviation / Math.sqrt(found.length)));
  });

  it.each([
    [16, true],
    [17, false],
  ])(
    "[RE16] with %i clients of rank 4 on a wide module, exact: %s; width does not matter",
    async (clients, isExact) => {
      const wide = [{ name: "w", in: 2000, out: 2000 }];
      const tier = tierOf(4, wide);
      const { size } = tier.layout;
      const start = randomValues(size, "start", 0.3);
      const meter = openMeter({
        tiers: [{ tier, start }],
        modules: wide,
        product: "BA",
        clients,
        rng: rngFromSeed("sketch"),
      });
      for (let index = 0; index < clients; index++) {
        const delta = randomValues(size, `delta ${index}`, 0.1);
        meter.add({ index, rank: 4, weight: 1, roles: ["down", "up"], delta });
      }
      const sent = { values: randomValues(size, "sent", 0.3), residuals: [] };
      const { standardError } = await meter.finish(sent, () => Promise.resolve());
      expect(standardError! < 1e-9).toBe(isExact);
    },
  );

  it("[RE16] counts what the broadcast adds to the base", async () => {
    const given = cohort([2], 1);
    const [update] = given.updates;
    const { tier, start } = given.tiers[0]!;
    const trained = start.slice();
    update!.delta.forEach((value, i) => (trained[i]! += value));
    const meter = openMeter({
      tiers: [given.tiers[0]!],
      modules,
      product: "BA",
      clients: 1,
      rng: rngFromSeed("sketch"),
    });
    meter.add(update!);
    const residuals = modules.map(({ name }) => ({
      module: name,
      rank: 2,
      left: view(tier.layout, trained, `${name}.lora_B`).map((value) => tier.scaling * value),
      right: view(tier.layout, trained, `${name}.lora_A`),
    }));
    const values = new Float32Array(tier.layout.size);
    const row = await meter.finish({ values, residuals }, () => Promise.resolve());
    expect(row.total!).toBeLessThan(1e-6);
  });
});
