/**
 * Adapters of lower rank as slices of the widest one.
 *
 * A tier of rank r holds the first r rows of A `[R, in]` and the first r columns of B `[out, R]`; factors whose shape
 * does not depend on the rank are shared whole. Tiers multiply their product by different s (loraAlpha / r, or
 * loraAlpha / sqrt(r)). So that a slice means in its tier what it means inside the widest adapter, B goes down
 * multiplied by s_R / s_r, and its changes go up multiplied by s_r / s_R: s_r (s_R / s_r B) A = s_R B A. A goes as it
 * is.
 */
import { FedtuneError } from "@fedtune/core";
import type { Factor, Layout, MethodContext, Tier } from "@fedtune/core";

/** A tier's adapter, or a part of it: the layout may be packed. */
export type Sliced = Pick<Tier, "layout" | "scaling">;

/** A run of values that lie side by side in both: `up` is what a change is multiplied by on its way up. */
interface Run {
  readonly wide: number;
  readonly own: number;
  readonly count: number;
  readonly up: number;
}

/**
 * The last of the tiers, which ascend in rank.
 *
 * @throws RangeError when there is none
 */
export function widestOf<T>(tiers: readonly T[]): T {
  const widest = tiers[tiers.length - 1];
  if (widest === undefined) throw new RangeError("Cannot find the widest of no tiers");
  return widest;
}

/**
 * The tier's part of the widest adapter, `[tier.layout.size]`, rounded to float32.
 *
 * @throws FedtuneError `layout-mismatch` when a factor of the tier is no slice of the widest one's
 */
export function sliceOf(
  widest: Sliced & { readonly values: Float32Array },
  tier: Sliced,
): Float32Array {
  const slice = new Float32Array(tier.layout.size);
  const { values } = widest;
  forEachRun(widest, tier, ({ wide, own, count, up }) => {
    for (let i = 0; i < count; i++) slice[own + i] = (values[wide + i] ?? 0) / up;
  });
  return slice;
}

/**
 * Adds `scale` times a tier's values, `[tier.layout.size]`, to their places in the widest adapter, in place.
 *
 * @throws FedtuneError `layout-mismatch` as {@link sliceOf}
 */
export function addSlice(
  widest: Sliced & { readonly sums: Float64Array },
  tier: Sliced & { readonly values: ArrayLike<number> },
  scale = 1,
): void {
  const { sums } = widest;
  const { values } = tier;
  forEachRun(widest, tier, ({ wide, own, count, up }) => {
    const by = scale * up;
    for (let i = 0; i < count; i++) {
      sums[wide + i] = (sums[wide + i] ?? 0) + by * (values[own + i] ?? 0);
    }
  });
}

/** Calls `visit` for every place of the widest adapter, `[layout.size]`, that the tier has too, in the tier's order. */
export function forEachPlace(widest: Sliced, tier: Sliced, visit: (at: number) => void): void {
  forEachRun(widest, tier, ({ wide, count }) => {
    for (let i = 0; i < count; i++) visit(wide + i);
  });
}

/**
 * Refuses rank tiers whose first adapters are no slices of the widest one's: what they train would have no place.
 *
 * @throws FedtuneError `config-conflict`
 */
export function checkSlices(context: MethodContext): void {
  const widest = widestOf(context.tiers);
  const values = context.initial(widest.rank);
  for (const tier of context.tiers) {
    const first = context.initial(tier.rank);
    const slice = sliceOf({ ...widest, values }, tier);
    if (slice.every((value, i) => value === first[i])) continue;
    const { rank } = tier;
    throw new FedtuneError(
      "config-conflict",
      `Cannot slice the adapter of rank ${String(widest.rank)}: the first adapter of rank ${String(rank)} is no part ` +
        `of it, wanted an initialisation that draws A row by row, such as "kaiming"`,
      { data: { rank, widest: widest.rank } },
    );
  }
}

function forEachRun(widest: Sliced, tier: Sliced, visit: (run: Run) => void): void {
  const byName = new Map(widest.layout.factors.map((factor) => [factor.name, factor]));
  for (const own of tier.layout.factors) {
    const wide = byName.get(own.name);
    const up = own.role === "up" ? tier.scaling / widest.scaling : 1;
    if (wide !== undefined && isSame(wide, own)) {
      visit({ wide: wide.offset, own: own.offset, count: own.size, up });
      continue;
    }
    const [rows = 0, columns = 0] = own.shape;
    const [wideRows = 0, wideColumns = 0] = wide?.shape ?? [];
    const fits = own.shape.length === 2 && rows <= wideRows && columns <= wideColumns;
    if (wide === undefined || !fits) throw noSlice(own, widest.layout);
    for (let row = 0; row < rows; row++) {
      const at = { wide: wide.offset + row * wideColumns, own: own.offset + row * columns };
      visit({ ...at, count: columns, up });
    }
  }
}

function isSame(wide: Factor, own: Factor): boolean {
  return wide.shape.join() === own.shape.join();
}

function noSlice({ name, shape }: Factor, { factors }: Layout): FedtuneError {
  const wide = factors.find((factor) => factor.name === name)?.shape ?? [];
  return new FedtuneError(
    "layout-mismatch",
    `Cannot slice "${name}": [${shape.join(", ")}] is no part of [${wide.join(", ")}]`,
    { data: { factor: name, shape, wide } },
  );
}
