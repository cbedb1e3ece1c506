/** An adapter and what a method adds to the base weights, as one adapter of larger rank. */
import { factorView } from "@fedtune/core";
import type { FactoredResidual, Layout } from "@fedtune/core";
import { resized } from "./tiers.ts";
import type { FileTier } from "./tiers.ts";

/** An adapter with its files' settings. */
export interface TierAdapter {
  readonly tier: FileTier;
  /** `[tier.layout.size]`. */
  readonly values: Float32Array;
}

/** The stacked adapter, and what its rank is made of. */
export interface StackedAdapter extends TierAdapter {
  readonly ownRank: number;
  readonly residualRank: number;
}

/**
 * Stacks factors: per module B' = [s B / s', L / s'], A' = [A; R] for a residual L R, so that s' B' A' = s B A + L R.
 *
 * The scaling s' is s up to the rounding of alpha: alpha grows with the rank. Factors whose product is zero in all
 * modules are left out; a module with less than the others is filled with zeros.
 */
export function withResidual(
  { tier, values }: TierAdapter,
  residuals: readonly FactoredResidual[],
): StackedAdapter {
  const { layout, rank } = tier;
  const residualRank = Math.max(0, ...modulesOf(layout).map((module) => rankOf(residuals, module)));
  const ownRank = residualRank > 0 && isZeroProduct(layout, values) ? 0 : rank;
  if (residualRank === 0) return { tier, values, ownRank, residualRank };
  const stacked = resized(tier, ownRank + residualRank);
  const target = new Float32Array(stacked.layout.size);
  for (const [f, factor] of stacked.layout.factors.entries()) {
    const own = layout.factors[f];
    if (own === undefined) continue;
    const view = factorView(target, factor);
    const { module, role } = factor;
    const parts = residuals.filter((part) => part.module === module);
    if (role === "down") fillRows(view, factorView(values, own), { parts, ownRank });
    else if (role === "up")
      fillColumns(view, factorView(values, own), {
        ...{ parts, ownRank, rank: stacked.rank, formerRank: rank },
        ...{ own: tier.scaling / stacked.scaling, residual: 1 / stacked.scaling },
      });
    else view.set(factorView(values, own));
  }
  return { tier: stacked, values: target, ownRank, residualRank };
}

function modulesOf({ factors }: Layout): string[] {
  return factors.filter(({ role }) => role === "up").map(({ module }) => module);
}

function rankOf(residuals: readonly FactoredResidual[], module: string): number {
  const own = residuals.filter((residual) => residual.module === module);
  return own.reduce((sum, { rank }) => sum + rank, 0);
}

function isZeroProduct({ factors }: Layout, values: Float32Array): boolean {
  const ups = factors.filter(({ role }) => role === "up");
  return ups.every((factor) => factorView(values, factor).every((value) => value === 0));
}

interface Stack {
  readonly parts: readonly FactoredResidual[];
  readonly ownRank: number;
}

/** A' `[r', in]`: rows follow one another in memory. */
function fillRows(view: Float32Array, own: Float32Array, { parts, ownRank }: Stack): void {
  let at = ownRank === 0 ? 0 : own.length;
  if (ownRank > 0) view.set(own);
  for (const { right } of parts) {
    view.set(right, at);
    at += right.length;
  }
}

interface ColumnStack extends Stack {
  readonly rank: number;
  readonly formerRank: number;
  /** Factors of the own columns and of the residuals'. */
  readonly own: number;
  readonly residual: number;
}

/** B' `[out, r']`. */
function fillColumns(view: Float32Array, own: Float32Array, stack: ColumnStack): void {
  const { parts, ownRank, rank, formerRank } = stack;
  const blocks = [
    ...(ownRank === 0 ? [] : [{ left: own, rank: formerRank, by: stack.own }]),
    ...parts.map((part) => ({ left: part.left, rank: part.rank, by: stack.residual })),
  ];
  let start = 0;
  for (const block of blocks) {
    block.left.forEach((value, i) => {
      const row = Math.floor(i / block.rank);
      view[row * rank + start + (i % block.rank)] = value * block.by;
    });
    start += block.rank;
  }
}
