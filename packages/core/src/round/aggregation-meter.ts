/**
 * The aggregation error of a round: how far the product of what is broadcast is from the mean of the clients' products.
 *
 * Exact from Gram matrices while clients x rank is small; above that a streamed sketch: every client's product meets a
 * few random vectors of signs, so that time is linear in what clients send and memory does not grow with them.
 */
import type { AdapterProduct, LinearModule } from "../adapter/kind.ts";
import { factorView, selectRoles } from "../adapter/layout.ts";
import { spread } from "../adapter/top-k.ts";
import type { ModuleProduct } from "../adapter/product.ts";
import { moduleProducts } from "../adapter/product.ts";
import { productDistance } from "../linalg/aggregation-error.ts";
import type { WeightedProduct } from "../linalg/aggregation-error.ts";
import type { LowRank, Matrix } from "../linalg/matrix.ts";
import { concatColumns, concatRows, matrixFrom } from "../linalg/matrix.ts";
import type { FactoredResidual, MethodUpdate, Tier } from "../method.ts";
import type { Rng } from "../rng.ts";
import type { AggregationErrorRow } from "../store/store.ts";
import type { ProductSketch } from "./product-sketch.ts";
import { addProduct, openSketch, SKETCH_SIZE, sketchDistances } from "./product-sketch.ts";

/**
 * Most columns (clients x rank) of a Gram matrix. Its half takes columns / 2 multiplications for every number that a
 * client sends, a sketch at most 8: exactness costs up to a few times the sketch, not more with every client that comes.
 */
const EXACT_COLUMNS = 64;

/** A tier and the adapter that its clients started the round with. */
export interface StartedTier {
  readonly tier: Tier;
  readonly start: Float32Array;
}

/** What a meter watches. */
export interface MeterSetting {
  /** All tiers; the last is the one whose broadcast is measured. */
  readonly tiers: readonly [StartedTier, ...StartedTier[]];
  readonly modules: readonly LinearModule[];
  readonly product: AdapterProduct;
  /** Updates of the round. */
  readonly clients: number;
  readonly rng: Rng;
}

/** What was broadcast: the widest tier's adapter and what the round added to the base. */
export interface Broadcast {
  readonly values: Float32Array;
  readonly residuals: readonly FactoredResidual[];
}

/** Watches one pass over a round's updates. */
export interface AggregationMeter {
  add(update: MethodUpdate): void;
  /** `pause` lets other work run between two modules. */
  finish(broadcast: Broadcast, pause: () => Promise<void>): Promise<AggregationErrorRow>;
}

interface WatchedModule {
  readonly module: LinearModule;
  /** By tier, in order. */
  readonly products: readonly ModuleProduct[];
  /** Null: measured exactly. */
  readonly sketch: ProductSketch | null;
  /** By tier: the last product that the sketch was given, in memory for the next one. */
  readonly given: LowRank[];
}

interface KeptUpdate {
  readonly t: number;
  readonly weight: number;
  /** `[layout.size]` of its tier. */
  readonly values: Float32Array;
}

/** Opens a meter for the round that closes. */
export function openMeter(setting: MeterSetting): AggregationMeter {
  const { tiers } = setting;
  const modules = watchedModules(setting);
  const kept: KeptUpdate[] = [];
  /** By tier, one adapter that every client's is written into where none is kept. */
  const scratch: Float32Array[] = [];
  const keeps = modules.some(({ sketch }) => sketch === null);
  return {
    add(update) {
      if (update.weight === 0) return;
      const t = tiers.findIndex(({ tier }) => tier.rank === update.rank);
      const from = tiers[t];
      if (from === undefined) return;
      const values = keeps
        ? new Float32Array(from.start.length)
        : (scratch[t] ??= new Float32Array(from.start.length));
      trainedValues(from, update, values);
      if (keeps) kept.push({ t, weight: update.weight, values });
      for (const { sketch, products, given } of modules) {
        const product = sketch === null ? undefined : products[t]?.read(values, given[t]);
        if (sketch === null || product === undefined) continue;
        given[t] = product;
        addProduct(sketch, product, { weight: update.weight, scaling: from.tier.scaling });
      }
    },
    async finish(broadcast, pause) {
      const found: MeasuredModule[] = [];
      for (const watched of modules) {
        found.push(measured(watched, { kept, broadcast, tiers }));
        await pause();
      }
      return errorRow(found);
    },
  };
}

function watchedModules({ tiers, modules, product, clients, rng }: MeterSetting): WatchedModule[] {
  const perTier = tiers.map(({ tier }) => moduleProducts(tier.layout, product, modules));
  return modules.flatMap((module): WatchedModule[] => {
    const products = perTier.flatMap(
      (all) => all.find((its) => its.module.name === module.name) ?? [],
    );
    if (products.length !== tiers.length) return [];
    const rank = Math.max(...products.map((its) => its.rank));
    const exact = clients * rank <= EXACT_COLUMNS;
    const sketch = exact ? null : openSketch(module, rng.fork(module.name));
    return [{ module, products, sketch, given: [] }];
  });
}

/** A client's factors after training, as far as they travelled, into `values`. */
function trainedValues(
  { tier, start }: StartedTier,
  update: MethodUpdate,
  values: Float32Array,
): void {
  const { roles, delta, support } = update;
  const packed =
    support === undefined ? delta : spread(delta, support, selectRoles(tier.layout, roles).size);
  let at = 0;
  for (const factor of tier.layout.factors) {
    const [before, after] = [factorView(start, factor), factorView(values, factor)];
    if (roles.includes(factor.role)) {
      addInto(after, before, packed.subarray(at, (at += factor.size)));
    } else after.set(before);
  }
}

/** `sum = one + other`, equally long. */
function addInto(sum: Float32Array, one: Float32Array, other: Float32Array): void {
  const whole = sum.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    sum[i] = (one[i] ?? 0) + (other[i] ?? 0);
    sum[i + 1] = (one[i + 1] ?? 0) + (other[i + 1] ?? 0);
    sum[i + 2] = (one[i + 2] ?? 0) + (other[i + 2] ?? 0);
    sum[i + 3] = (one[i + 3] ?? 0) + (other[i + 3] ?? 0);
  }
  for (let i = whole; i < sum.length; i++) sum[i] = (one[i] ?? 0) + (other[i] ?? 0);
}

/** Squared norms of one module: distance and ideal, once exact or once per vector of the sketch. */
interface MeasuredModule {
  readonly name: string;
  readonly distance: Float64Array;
  readonly ideal: Float64Array;
}

interface Evidence {
  readonly kept: readonly KeptUpdate[];
  readonly broadcast: Broadcast;
  readonly tiers: MeterSetting["tiers"];
}

function measured(watched: WatchedModule, { kept, broadcast, tiers }: Evidence): MeasuredModule {
  const { module, products, sketch } = watched;
  const sent = broadcastProduct(watched, broadcast, tiers);
  const { name } = module;
  if (sketch !== null) return { name, ...sketchDistances(sketch, sent) };
  const clients = kept.flatMap(({ t, weight, values }): WeightedProduct[] => {
    const product = products[t]?.read(values);
    if (product === undefined) return [];
    return [{ up: times(product.up, tiers[t]?.tier.scaling ?? 1), down: product.down, weight }];
  });
  if (clients.length === 0) return { name, distance: filled(0), ideal: filled(0) };
  const { distance, ideal } = productDistance(clients, sent);
  return { name, distance: filled(distance ** 2), ideal: filled(ideal ** 2) };
}

/** As if every vector of a sketch had seen the exact value, so that exact and sketched modules add up. */
function filled(value: number): Float64Array {
  return new Float64Array(SKETCH_SIZE).fill(value);
}

/** What a party that applied the broadcast adds to the weight: scaled product and base residuals. */
function broadcastProduct(
  { module, products }: WatchedModule,
  { values, residuals }: Broadcast,
  tiers: MeterSetting["tiers"],
): LowRank {
  const own = products.at(-1)?.read(values);
  const scaling = tiers.at(-1)?.tier.scaling ?? 1;
  const parts = residuals
    .filter((residual) => residual.module === module.name)
    .map(({ rank, left, right }) => ({
      up: matrixFrom(left, [module.out, rank]),
      down: matrixFrom(right, [rank, module.in]),
    }));
  if (own !== undefined) parts.unshift({ up: times(own.up, scaling), down: own.down });
  return {
    up: concatColumns(parts.map(({ up }) => up)),
    down: concatRows(parts.map(({ down }) => down)),
  };
}

function times(A: Matrix, by: number): Matrix {
  return { ...A, data: A.data.map((value) => by * value) };
}

/** Ratios of norms, and the standard error of the total by the residuals of the ratio of squares over the vectors. */
function errorRow(modules: readonly MeasuredModule[]): AggregationErrorRow {
  const distance = new Float64Array(SKETCH_SIZE);
  const ideal = new Float64Array(SKETCH_SIZE);
  for (const module of modules) {
    for (let i = 0; i < SKETCH_SIZE; i++) {
      distance[i] = (distance[i] ?? 0) + (module.distance[i] ?? 0);
      ideal[i] = (ideal[i] ?? 0) + (module.ideal[i] ?? 0);
    }
  }
  const total = ratio(distance, ideal);
  return {
    total,
    reason: null,
    standardError: standardError(distance, ideal, total),
    modules: Object.fromEntries(modules.map((its) => [its.name, ratio(its.distance, its.ideal)])),
  };
}

const mean = (values: Float64Array): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** 0 where nothing was trained. */
function ratio(distance: Float64Array, ideal: Float64Array): number {
  const whole = mean(ideal);
  return whole === 0 ? 0 : Math.sqrt(mean(distance) / whole);
}

function standardError(distance: Float64Array, ideal: Float64Array, total: number): number {
  if (total === 0) return 0;
  const residuals = distance.map((value, i) => value - total ** 2 * (ideal[i] ?? 0));
  const variance = residuals.reduce((sum, value) => sum + value * value, 0) / (SKETCH_SIZE - 1);
  return Math.sqrt(variance / SKETCH_SIZE) / mean(ideal) / (2 * total);
}
