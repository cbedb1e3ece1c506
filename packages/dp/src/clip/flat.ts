import { checkClipNorm, checkLengths, clipCounter, clipFactor, squaredNorm } from "./clipper.ts";
import type { Clipper } from "./clipper.ts";

/**
 * Flat clipping: one norm over all values together (Abadi et al., "Deep learning with differential privacy", 2016).
 *
 * Opacus adds 1e-6 to the norm before dividing; here nothing is added and a norm of zero is never divided by.
 */
export function flatClip({ clipNorm }: { readonly clipNorm: number }): Clipper {
  checkClipNorm(clipNorm);
  const { counts, count } = clipCounter();
  return {
    sensitivity: clipNorm,
    counts,
    addTo(sum, example) {
      checkLengths(sum, example);
      const norm = Math.sqrt(squaredNorm(example));
      const factor = clipFactor(norm, clipNorm);
      count(norm, factor < 1);
      if (factor === 0) return norm;
      for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + factor * (example[i] ?? 0);
      return norm;
    },
  };
}
