/** Rank tiers of finished adapters: one layout and one scaling per rank. */
import { factorView, layoutOf } from "@fedtune/core";
import type { AdapterKind, AdapterSettings, Factor, Layout, Tier } from "@fedtune/core";

/** A finished adapter and its weight. */
export interface AdapterToCombine extends AdapterSettings {
  /** How messages name it, for example its folder. */
  readonly name: string;
  readonly weight: number;
  readonly kind: AdapterKind;
  readonly layout: Layout;
  /** `[layout.size]`. */
  readonly values: Float32Array;
}

/** A tier with what its files say. */
export interface FileTier extends Tier, AdapterSettings {
  readonly kind: AdapterKind;
}

/** Tiers in ascending rank, never none. */
export type FileTiers = readonly [FileTier, ...FileTier[]];

/**
 * One tier per rank among the adapters, in ascending order. The first adapter of a rank says its kind and alpha.
 *
 * A `wanted` rank that no adapter has gets a tier with the scaling of the largest one.
 */
export function tiersOf(adapters: readonly AdapterToCombine[], wanted?: number): FileTiers {
  const byRank = new Map<number, FileTier>();
  for (const adapter of adapters) {
    if (!byRank.has(adapter.rank)) byRank.set(adapter.rank, tierFrom(adapter));
  }
  const widest = byRank.get(Math.max(...byRank.keys()));
  if (widest === undefined) throw new RangeError("Cannot make rank tiers of no adapters at all");
  if (wanted !== undefined && !byRank.has(wanted)) byRank.set(wanted, resized(widest, wanted));
  const [first = widest, ...others] = [...byRank.values()].sort((a, b) => a.rank - b.rank);
  return [first, ...others];
}

function tierFrom({ kind, rank, loraAlpha, layout }: Omit<AdapterToCombine, "name">): FileTier {
  return { kind, rank, loraAlpha, layout, scaling: kind.scaling({ rank, loraAlpha }) };
}

/** The tier at another rank: alpha follows, so that the scaling stays what it was. */
export function resized({ kind, scaling, layout }: FileTier, rank: number): FileTier {
  const loraAlpha = alphaFor(kind, { rank, scaling });
  const scaled = kind.scaling({ rank, loraAlpha });
  return { kind, rank, loraAlpha, layout: withRank(layout, rank), scaling: scaled };
}

/** Twelve digits: 48, not 48.00000000000001; who multiplies by the scaling takes it from the result. */
function alphaFor(
  kind: AdapterKind,
  { rank, scaling }: { readonly rank: number; readonly scaling: number },
): number {
  return Number((scaling / kind.scaling({ rank, loraAlpha: 1 })).toPrecision(12));
}

function withRank({ factors }: Layout, rank: number): Layout {
  return layoutOf(factors.map((factor) => ({ ...factor, shape: shapeAt(factor, rank) })));
}

/** A is `[r, in]`, B `[out, r]`; no other shape depends on the rank. */
function shapeAt({ role, shape }: Factor, rank: number): readonly number[] {
  const [rows = 0, columns = 0] = shape;
  if (role === "down" && shape.length === 2) return [rank, columns];
  return role === "up" && shape.length === 2 ? [rows, rank] : shape;
}

/** The adapter's values with the tier's scaling: B times the ratio of both, so that the product stays what it was. */
export function valuesInTier(
  { kind, rank, loraAlpha, layout, values }: AdapterToCombine,
  { scaling }: FileTier,
): Float32Array {
  const ratio = kind.scaling({ rank, loraAlpha }) / scaling;
  if (ratio === 1) return values;
  const scaled = values.slice();
  for (const factor of layout.factors.filter(({ role }) => role === "up")) {
    const view = factorView(scaled, factor);
    view.forEach((value, i) => (view[i] = value * ratio));
  }
  return scaled;
}
