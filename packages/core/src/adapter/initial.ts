/** An adapter before round 1: its layout, its first values, and what they ask of the base. */
import type { Digest } from "../ids.ts";
import type { FactoredResidual } from "../method.ts";
import type { BaseResidual } from "../ports.ts";
import type { Rng } from "../rng.ts";
import { uniformValues } from "./first-values.ts";
import type {
  AdapterInit,
  AdapterKind,
  AdapterSettings,
  BaseWeight,
  LinearModule,
} from "./kind.ts";
import type { Factor, FactorSpec, Layout } from "./layout.ts";
import { factorView, layoutOf } from "./layout.ts";

/** Half-width of a uniform distribution with HuggingFace's `initializer_range`, 0.02, as its standard deviation. */
const HEAD_BOUND = 0.02 * Math.sqrt(3);

/** The layout of a kind over modules and a head: shared factors, each module's in order, the head's. */
export function adapterLayout(
  kind: AdapterKind,
  settings: AdapterSettings,
  parts: { readonly modules: readonly LinearModule[]; readonly head: readonly FactorSpec[] },
): Layout {
  const { modules, head } = parts;
  return layoutOf([
    ...(kind.shared?.(modules, settings) ?? []),
    ...modules.flatMap((module) => kind.factors(module, settings)),
    ...head,
  ]);
}

/** What the first adapter of a run is drawn with. */
export interface InitialChoice extends AdapterSettings {
  readonly kind: AdapterKind;
  /** The kind's first one unless given. */
  readonly init?: AdapterInit;
  /** The base model's weights, where they are at hand. */
  readonly weights?: BaseWeight | null;
}

/**
 * The adapter before round 1; `[layout.size]`, the caller owns it.
 *
 * Each factor draws from the fork of `rng` that bears its name, so that its values depend on neither the other factors
 * nor the order. Head weights are uniform with standard deviation 0.02, head biases (one-dimensional) zero.
 *
 * @throws RangeError when the first values depend on base weights that are not given
 */
export function initialAdapter(layout: Layout, choice: InitialChoice, rng: Rng): Float32Array {
  const { kind, init = kind.inits[0], weights = null } = choice;
  const values = new Float32Array(layout.size);
  const stream = (factor: string): Rng => rng.fork(factor);
  for (const [module, factors] of byModule(layout)) {
    const weight = (): Float32Array => {
      if (weights !== null) return weights(module);
      throw new RangeError(`Cannot draw the factors of "${module}" without its base weight`);
    };
    const first = kind.init(factors, { settings: choice, init, stream, weight });
    for (const [f, factor] of factors.entries()) values.set(first[f] ?? [], factor.offset);
  }
  for (const factor of layout.factors) {
    if (factor.role === "head") values.set(initHead(factor, stream(factor.name)), factor.offset);
  }
  return values;
}

/** Adapter factors by module, in layout order. */
function byModule({ factors }: Layout): Map<string, Factor[]> {
  const groups = new Map<string, Factor[]>();
  for (const factor of factors) {
    if (factor.role === "head") continue;
    const group = groups.get(factor.module);
    if (group === undefined) groups.set(factor.module, [factor]);
    else group.push(factor);
  }
  return groups;
}

function initHead(factor: Factor, rng: Rng): Float32Array {
  if (factor.shape.length === 1) return new Float32Array(factor.size);
  return uniformValues(factor.size, HEAD_BOUND, rng);
}

/** The change of the base that an adapter of round 0 asks for, named after it; none or one. */
export function startingResidual(
  layout: Layout,
  first: { readonly hash: Digest; readonly values: Float32Array },
  how: { readonly init: AdapterInit; readonly scaling: number },
): BaseResidual[] {
  const modules = initialResidual(layout, first.values, how);
  return modules.length === 0 ? [] : [{ id: `before-${first.hash}`, modules }];
}

/**
 * What the base model changes by before round 1: PiSSA takes the first product out of the weights, so that every party
 * trains on the same residual base `W - s B A`; nothing for the other inits.
 *
 * `values` `[layout.size]` is the adapter of round 0; PiSSA, arXiv 2404.02948, equations 2 to 4.
 */
function initialResidual(
  layout: Layout,
  values: Float32Array,
  { init, scaling }: { readonly init: AdapterInit; readonly scaling: number },
): FactoredResidual[] {
  if (init !== "pissa") return [];
  return [...byModule(layout)].flatMap(([module, factors]): FactoredResidual[] => {
    const [down, up] = (["down", "up"] as const).map((role) =>
      factors.find((factor) => factor.role === role),
    );
    if (down === undefined || up === undefined) return [];
    const left = factorView(values, up).map((value) => -scaling * value);
    return [{ module, rank: down.shape[0] ?? 0, left, right: factorView(values, down).slice() }];
  });
}
