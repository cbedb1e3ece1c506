/**
 * One aggregation of RoBERTa-large's adapters (query and value, r = 8: 786,432 values) by every method, for 10, 100 and
 * 1,000 clients; time, peak memory, and the refactorisation of the whole model on its own.
 *
 * Each cell runs in a process of its own. `npm run bench -- aggregate`; scripts/golden/bench_aggregate.py is the
 * straightforward version to hold it against.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { methodByName, methods } from "@fedtune/aggregators";
import { adapterKinds, adapterLayout, gatherRoles, rngFromSeed } from "@fedtune/core";
import type { Accumulator, Method, MethodContext, MethodUpdate, Plan } from "@fedtune/core";

const [name, count] = process.argv.slice(2);
if (name === undefined || count === undefined) all();
else one(methodByName(name), Number(count));

function all(): void {
  for (const { name: method, claims } of methods) {
    const counts = claims.memory === "clients" ? [10, 100] : [10, 100, 1000];
    for (const clients of counts) {
      const args = ["--import", "tsx", "--conditions=@fedtune/source", "--expose-gc"];
      const self = fileURLToPath(import.meta.url);
      spawnSync(process.execPath, [...args, self, method, String(clients)], { stdio: "inherit" });
    }
  }
}

function one(method: Method, clients: number): void {
  const { context, kind } = contextFor(method);
  const config = method.config.parse({});
  const [tier] = context.tiers;
  const state = method.init(config, context, rngFromSeed("init"));
  const plan = method.plan(state, 1, { index: 0, rank: tier.rank, holds: 0 });
  const updates = pooledUpdates(plan, context);
  globalThis.gc?.();
  const base = process.memoryUsage.rss();
  let peak = base;
  const watch = (): void => {
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const facts = { round: 1, sampled: clients, accepted: clients, totalWeight: clients };
  const times = { accumulate: 0, finish: 0 };
  let accumulator: Accumulator | null = null;
  for (let pass = 0; pass < method.passes; pass++) {
    const started = performance.now();
    accumulator = method.begin(state, facts, { index: pass, previous: accumulator });
    for (let k = 0; k < clients; k++) {
      method.accumulate(accumulator, { ...updates(k), index: k });
      if (k % 10 === 0) watch();
    }
    times.accumulate += performance.now() - started;
  }
  // A server closes many rounds: the first one compiles, the others show what a round costs.
  const finishes = Array.from({ length: clients > 10 ? 1 : 7 }, () => {
    const started = performance.now();
    if (accumulator !== null) method.finish(state, accumulator, rngFromSeed("finish"));
    return performance.now() - started;
  });
  times.finish = finishes.toSorted((a, b) => a - b)[Math.floor(finishes.length / 2)] ?? 0;
  watch();
  const line = {
    method: method.name,
    kind,
    clients,
    values: updates(0).delta.length,
    accumulateMs: Math.round(times.accumulate),
    perClientMs: Number((times.accumulate / clients).toFixed(3)),
    finishMs: Math.round(times.finish),
    firstFinishMs: Math.round(finishes[0] ?? 0),
    peakMiB: Math.round((peak - base) / 2 ** 20),
  };
  console.log(JSON.stringify(line));
}

/** RoBERTa-large: 24 layers, hidden size 1,024; query and value. */
function contextFor(method: Method): { readonly context: MethodContext; readonly kind: string } {
  const modules = Array.from({ length: 24 }, (_, layer) =>
    ["query", "value"].map((part) => ({
      name: `encoder.layer.${layer}.attention.self.${part}`,
      in: 1024,
      out: 1024,
    })),
  ).flat();
  const kind = adapterKinds.find(({ product }) => method.claims.products.includes(product));
  if (kind === undefined) throw new RangeError(`Cannot bench ${method.name}: no kind fits`);
  const settings = { rank: 8, loraAlpha: 8 };
  const layout = adapterLayout(kind, settings, { modules, head: [] });
  const tier = { rank: 8, layout, scaling: kind.scaling(settings) };
  const first = noise(layout.size, "first");
  const context: MethodContext = {
    tiers: [tier],
    initial: () => first.slice(),
    head: "freeze",
    uploadCodec: "f32",
  };
  return { context, kind: kind.name };
}

/** Eight different updates, given again and again: the pool does not count as the method's memory. */
function pooledUpdates(plan: Plan, { tiers: [tier] }: MethodContext): (k: number) => MethodUpdate {
  const pool = Array.from({ length: 8 }, (_, k): MethodUpdate => {
    const whole = gatherRoles(tier.layout, noise(tier.layout.size, `update ${k}`), plan.upload);
    const common = { index: k, rank: tier.rank, weight: 1, roles: plan.upload };
    if (plan.sparsify === null) return { ...common, delta: whole };
    const kept = Math.floor(whole.length * plan.sparsify.density);
    const stride = Math.floor(whole.length / kept);
    const support = Uint32Array.from({ length: kept }, (_, i) => i * stride + (k % stride));
    return { ...common, delta: Float32Array.from(support, (i) => whole[i] ?? 0), support };
  });
  return (k) => pool[k % pool.length]!;
}

function noise(size: number, seed: string): Float32Array {
  const rng = rngFromSeed(seed);
  return Float32Array.from({ length: size }, () => (rng.uniform() - 0.5) * 0.05);
}
