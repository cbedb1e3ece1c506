/**
 * The exact cost of Gaussian releases without sampling.
 *
 * Releases with noise sigma_i and sensitivity s compose, adaptively chosen or not, to one with signal
 * mu = sqrt(sum of (s / sigma_i)^2) (Dong, Roth, Su 2019, corollary 3.3), whose curve is
 * delta = Phi(mu/2 - eps/mu) - e^eps Phi(-mu/2 - eps/mu) (Balle and Wang 2018, theorem 8). Trees of Gaussian sums are such
 * releases: see `treeSquaredSensitivity`.
 */
import { erfcx, normalCdf } from "../special.ts";
import { checkDelta, checkEpsilon, refuseUnknown, understands } from "./accountant.ts";
import type { Accountant, AccountantName, ComposedPrivacy } from "./accountant.ts";
import { componentsOf } from "./components.ts";

/** Exact for any number of Gaussian releases that every unit takes part in. */
export const gaussianAccountant: Accountant = {
  name: "gaussian",
  summary: "the exact curve of Gaussian releases without sampling",
  supports: (event, relation) => understands("gaussian", event, relation),
  compose: (query) => {
    refuseUnknown("gaussian", query);
    const { squaredSignal } = componentsOf(query.events, query.relation);
    return exactGaussian(Math.sqrt(squaredSignal), "gaussian");
  },
};

/** The exact curve of a Gaussian release with sensitivity over standard deviation `signal`. */
export function exactGaussian(signal: number, accountant: AccountantName): ComposedPrivacy {
  const provenance = { accountant, warnings: [] } as const;
  return {
    epsilon: (delta) => {
      checkDelta(delta);
      const epsilon = gaussianEpsilon(signal, delta);
      return { ...provenance, delta, epsilon, lower: epsilon, upper: epsilon };
    },
    delta: (epsilon) => {
      checkEpsilon(epsilon);
      const delta = gaussianDelta(signal, epsilon);
      return { ...provenance, epsilon, delta, lower: delta, upper: delta };
    },
  };
}

/** Delta of a Gaussian release at an epsilon; accurate however small. */
export function gaussianDelta(signal: number, epsilon: number): number {
  if (signal === 0) return 0;
  const near = epsilon / signal - signal / 2;
  const far = epsilon / signal + signal / 2;
  // e^eps phi(far) = phi(near), so that both tails share one factor where they are small.
  if (near > 0) {
    const scale = 0.5 * Math.exp((-near * near) / 2);
    return scale * (erfcx(near * Math.SQRT1_2) - erfcx(far * Math.SQRT1_2));
  }
  const share = 0.5 * Math.exp((-near * near) / 2) * erfcx(far * Math.SQRT1_2);
  return normalCdf(-near) - share;
}

/** The smallest epsilon of a Gaussian release at a delta, by bisection to the last bits. */
export function gaussianEpsilon(signal: number, delta: number): number {
  if (gaussianDelta(signal, 0) <= delta) return 0;
  // Zero-concentrated DP bounds it (Bun and Steinke 2016, proposition 1.3).
  let high = signal * (signal / 2 + Math.sqrt(2 * Math.log(1 / delta)));
  let low = 0;
  for (let middle = high / 2; middle > low && middle < high; middle = low + (high - low) / 2) {
    if (gaussianDelta(signal, middle) <= delta) high = middle;
    else low = middle;
  }
  return high;
}
