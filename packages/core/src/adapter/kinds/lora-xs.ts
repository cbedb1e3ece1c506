import { matrixFrom, multiply, toFloat32 } from "../../linalg/matrix.ts";
import type { AdapterKind, AdapterValues, InitContext } from "../kind.ts";
import type { Factor } from "../layout.ts";
import { factorView, layoutOf } from "../layout.ts";
import { lora } from "./lora.ts";
import { downAndUp, inOrder, leadingVectors, lowRankFactors, placeOf } from "./low-rank.ts";

function init(factors: readonly Factor[], context: InitContext): Float32Array[] {
  const { U, Vt } = leadingVectors(downAndUp(factors), context);
  const { rank } = context.settings;
  const core = new Float32Array(rank * rank);
  return inOrder("LoRA-XS", factors, { down: toFloat32(Vt), up: toFloat32(U), core });
}

/** The same change of the base as LoRA: B R in the place of B; R is gone. */
function portable({ layout, values, rank, loraAlpha }: AdapterValues): AdapterValues {
  const cores = new Map(
    layout.factors.filter(({ role }) => role === "core").map((core) => [core.module, core]),
  );
  const kept = layout.factors.filter(({ role }) => role !== "core");
  const plain = layoutOf(kept);
  const result = new Float32Array(plain.size);
  for (const [index, factor] of kept.entries()) {
    const core = factor.role === "up" ? cores.get(factor.module) : undefined;
    const own = factorView(values, factor);
    const R = core === undefined ? null : matrixFrom(factorView(values, core), core.shape);
    const placed = R === null ? own : toFloat32(multiply(matrixFrom(own, factor.shape), R));
    result.set(placed, plain.factors[index]?.offset);
  }
  return { kind: lora, rank, loraAlpha, layout: plain, values: result };
}

/**
 * LoRA-XS: `y = W x + (loraAlpha / rank) B R A x`; only R `[r, r]` is meant to be trained.
 *
 * A = V_r^T and B = U_r come from the truncated SVD of W, R begins at zero. Departures from the paper, in the direction
 * of LoRA-SB (arXiv 2411.19557) and Fed-SB (arXiv 2502.15436): both outer factors are orthonormal, where LoRA-XS puts
 * the singular values into one of them; R is zero, where it is drawn with deviation 1e-5. From LoRA-SB and Fed-SB:
 * singular vectors of W, not of a first gradient, so that no data is touched before round 1; any loraAlpha.
 */
export const loraXs: AdapterKind = {
  name: "lora-xs",
  product: "BRA",
  paper: {
    title: "LoRA-XS: Low-Rank Adaptation with Extremely Small Number of Parameters",
    id: "arXiv:2405.17604",
  },
  factors: (module, settings) => [
    ...lowRankFactors(module, settings),
    { ...placeOf(module, "lora_R"), role: "core", shape: [settings.rank, settings.rank] },
  ],
  inits: ["svd"],
  readsBase: () => true,
  init,
  scaling: (settings) => lora.scaling(settings),
  peft: null,
  portable,
};
