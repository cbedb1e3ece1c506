/** What LoRA and its relatives share: the factors A and B of a module, and their first values. */
import { kaimingDown, normalValues } from "../first-values.ts";
import type { AdapterInit, AdapterSettings, InitContext, LinearModule } from "../kind.ts";
import type { Factor, FactorSpec } from "../layout.ts";
import { truncatedSvd, type TruncatedSvd } from "../truncated-svd.ts";

/** The inits that {@link lowRankValues} offers. */
export const lowRankInits = ["kaiming", "gaussian", "pissa"] as const;

/** Name and module of a factor. */
export function placeOf(
  module: LinearModule,
  factor: string,
): { readonly name: string; readonly module: string } {
  return { name: `${module.name}.${factor}`, module: module.name };
}

/** A `[r, in]` (down) and B `[out, r]` (up) of one module. */
export function lowRankFactors(module: LinearModule, { rank }: AdapterSettings): FactorSpec[] {
  return [
    { ...placeOf(module, "lora_A"), role: "down", shape: [rank, module.in] },
    { ...placeOf(module, "lora_B"), role: "up", shape: [module.out, rank] },
  ];
}

/**
 * First A and B of a module whose product is multiplied by `scaling`.
 *
 * `kaiming` and `gaussian` (deviation 1 / r) draw A as PEFT does and leave B zero. `pissa` halves the leading part of
 * the weight between them: A = sqrt(S / s) V^T, B = U sqrt(S / s), so that s B A is W's best approximation of rank r;
 * PiSSA, arXiv 2404.02948, equations 2 and 3, with the scaling divided out as in PEFT.
 *
 * @throws FedtuneError as {@link truncatedSvd}
 */
export function lowRankValues(
  { down, up }: { readonly down: Factor; readonly up: Factor },
  context: InitContext,
  scaling: number,
): { readonly A: Float32Array; readonly B: Float32Array } {
  const { init, stream } = context;
  if (init === "pissa") return principalValues(leadingVectors({ down, up }, context), scaling);
  const [rank = 1] = down.shape;
  const rng = stream(down.name);
  const A =
    init === "gaussian" ? normalValues(down.size, 1 / rank, rng) : kaimingDown(down.shape, rng);
  return { A, B: new Float32Array(up.size) };
}

/**
 * The leading singular vectors of a module's base weight, as many as the rank.
 *
 * @throws FedtuneError as {@link truncatedSvd}
 */
export function leadingVectors(
  { down, up }: { readonly down: Factor; readonly up: Factor },
  { weight, stream }: InitContext,
): TruncatedSvd {
  const [rank = 0, inputs = 0] = down.shape;
  const [out = 0] = up.shape;
  return truncatedSvd({ values: weight(), out, in: inputs }, rank, stream(down.name));
}

function principalValues(
  { U, S, Vt }: TruncatedSvd,
  scaling: number,
): { readonly A: Float32Array; readonly B: Float32Array } {
  const roots = S.map((value) => Math.sqrt(value / scaling));
  const A = Vt.data.map((value, index) => value * (roots[Math.floor(index / Vt.cols)] ?? 0));
  const B = U.data.map((value, index) => value * (roots[index % U.cols] ?? 0));
  return { A: Float32Array.from(A), B: Float32Array.from(B) };
}

/** Whether first values come from the base weight. */
export function lowRankReadsBase(init: AdapterInit): boolean {
  return init === "pissa";
}

/** A and B among the factors of one module. */
export function downAndUp(factors: readonly Factor[]): {
  readonly down: Factor;
  readonly up: Factor;
} {
  return { down: only(factors, "down"), up: only(factors, "up") };
}

function only(factors: readonly Factor[], role: Factor["role"]): Factor {
  const found = factors.find((factor) => factor.role === role);
  if (found !== undefined) return found;
  const names = factors.map(({ name }) => `"${name}"`).join(", ");
  throw new RangeError(`Cannot initialise ${names}: there is no ${role} factor among them`);
}

/**
 * The values that `own` gives for the role of each factor, in their order.
 *
 * @throws RangeError on a factor whose role the kind does not have
 */
export function inOrder(
  kind: string,
  factors: readonly Factor[],
  own: Readonly<Partial<Record<Factor["role"], Float32Array>>>,
): Float32Array[] {
  return factors.map(({ name, role }) => {
    const values = own[role];
    if (values !== undefined) return values;
    throw new RangeError(`Cannot initialise factor "${name}" of role ${role} as ${kind}`);
  });
}
