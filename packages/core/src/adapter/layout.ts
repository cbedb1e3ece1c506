/**
 * The ordered list of an adapter's factors over one flat vector.
 *
 * A layout is per (run, rank tier) and named by its hash in each message; nothing on the wire carries tensor names.
 */
import { FedtuneError } from "../errors.ts";
import type { Digest } from "../ids.ts";
import type { Hash } from "../ports.ts";
import { utf8 } from "../bytes.ts";

/**
 * What a factor is for: LoRA's A is `down`, its B is `up`; VeRA's d `down`, b `up`; LoRA-XS' R `core`; DoRA's vector
 * `magnitude`; `projection` is never trained and never travels: VeRA's random matrices, which every party draws.
 */
export const factorRoles = ["down", "up", "core", "magnitude", "projection", "head"] as const;
/** One of {@link factorRoles}. */
export type FactorRole = (typeof factorRoles)[number];

/** One factor before it has a place: `module` is the target module's path in the base model, or the head's. */
export interface FactorSpec {
  /** Unique within the layout: `<module>.<factor>`, for example `encoder.layer.0.attention.self.query.lora_A`. */
  readonly name: string;
  readonly module: string;
  readonly role: FactorRole;
  /** Row-major; LoRA A is `[r, in]`, B is `[out, r]`. */
  readonly shape: readonly number[];
}

/** A factor with its place: values live at `[offset, offset + size)` of the flat vector. */
export interface Factor extends FactorSpec {
  readonly offset: number;
  readonly size: number;
}

/** Factors in order, `size` values in all. */
export interface Layout {
  readonly factors: readonly Factor[];
  readonly size: number;
}

/**
 * Places factors one after the other.
 *
 * @throws FedtuneError `layout-mismatch` on a duplicate name or a shape with a non-positive extent
 */
export function layoutOf(specs: readonly FactorSpec[]): Layout {
  const names = new Set<string>();
  let offset = 0;
  const factors = specs.map(({ name, module, role, shape }) => {
    if (names.has(name))
      throw new FedtuneError("layout-mismatch", `Cannot place factor "${name}" twice`);
    names.add(name);
    if (!shape.every((extent) => Number.isSafeInteger(extent) && extent > 0)) {
      throw new FedtuneError(
        "layout-mismatch",
        `Cannot place factor "${name}" of shape [${shape.join(", ")}]`,
      );
    }
    const size = shape.reduce((product, extent) => product * extent, 1);
    const factor = { name, module, role, shape: [...shape], offset, size };
    offset += size;
    return factor;
  });
  return { factors, size: offset };
}

/** Sub-layouts by their roles: every update of every client asks for the same ones. */
const selections = new WeakMap<Layout, Map<string, Layout>>();

/** The sub-layout of the factors with one of `roles`, in the same order, packed without gaps; nobody changes it. */
export function selectRoles(layout: Layout, roles: readonly FactorRole[]): Layout {
  const known = selections.get(layout) ?? new Map<string, Layout>();
  const key = roles.join();
  const selected =
    known.get(key) ?? layoutOf(layout.factors.filter(({ role }) => roles.includes(role)));
  selections.set(layout, known.set(key, selected));
  return selected;
}

/** SHA-256 over names, roles and shapes in order; two parties with equal hashes agree on every offset. */
export function layoutHash(layout: Layout, hash: Hash): Digest {
  const rows = layout.factors.map(({ name, module, role, shape }) => [name, module, role, shape]);
  return hash.sha256(utf8(JSON.stringify(rows)));
}

/** The factor's values, a view into `values`. */
export function factorView(values: Float32Array, factor: Factor): Float32Array {
  return values.subarray(factor.offset, factor.offset + factor.size);
}

/** Copies the values of the factors with one of `roles` into a fresh packed vector of `selectRoles(layout, roles)`. */
export function gatherRoles(
  layout: Layout,
  values: Float32Array,
  roles: readonly FactorRole[],
): Float32Array {
  const chosen = layout.factors.filter((factor) => roles.includes(factor.role));
  const packed = new Float32Array(chosen.reduce((sum, factor) => sum + factor.size, 0));
  let at = 0;
  for (const factor of chosen) {
    packed.set(factorView(values, factor), at);
    at += factor.size;
  }
  return packed;
}

/** Writes a packed vector of `selectRoles(layout, roles)` back into `values`, in place. */
export function scatterRoles(
  layout: Layout,
  values: Float32Array,
  part: { readonly roles: readonly FactorRole[]; readonly packed: Float32Array },
): void {
  let at = 0;
  for (const factor of layout.factors) {
    if (!part.roles.includes(factor.role)) continue;
    values.set(part.packed.subarray(at, at + factor.size), factor.offset);
    at += factor.size;
  }
  if (at !== part.packed.length) {
    throw new FedtuneError(
      "shape-mismatch",
      `Cannot scatter ${part.packed.length} values, expected ${String(at)}`,
    );
  }
}
