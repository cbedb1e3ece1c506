/**
 * Adaptive clipping: the clip norm follows a quantile of the norms, which is itself found privately.
 *
 * Andrew, Thakkar, McMahan, Ramaswamy, "Differentially private learning with adaptive clipping", arXiv 1905.03871.
 * Bits are centred to +-1/2, their noise comes from the same keystream as all noise, and the divisor is the expected
 * cohort, a public constant; Opacus' version uses uncentred bits, ordinary noise and the true batch size.
 */
import { clipFactor } from "./clipper.ts";

/** How a clip norm adapts. */
export interface ClipAdaptation {
  /** Share of the norms that shall not be clipped; gamma in the paper. */
  readonly targetClippedQuantile: number;
  /** Step of the geometric update; eta in the paper. */
  readonly clipNormLr: number;
  /** Units expected per step: batch or cohort. */
  readonly expectedCohort: number;
}

/**
 * The bit that one unit adds: +1/2 when its norm is at most the clip norm, else -1/2; 0 for a norm that is not finite,
 * whose vector adds nothing either. One unit moves the sum of bits by at most 1/2.
 */
export function clippedBit(norm: number, clipNorm: number): number {
  if (!Number.isFinite(norm)) return 0;
  return clipFactor(norm, clipNorm) === 1 ? 0.5 : -0.5;
}

/**
 * The next clip norm: C * exp(-eta * (b - gamma)), b being the noisy share of unclipped norms, clamped to [0, 1]
 * (section 2.2; clamping as in TensorFlow Privacy, post-processing).
 *
 * @param noisyBitSum sum of {@link clippedBit} over the units, plus its noise
 */
export function nextClipNorm(
  clipNorm: number,
  noisyBitSum: number,
  { targetClippedQuantile, clipNormLr, expectedCohort }: ClipAdaptation,
): number {
  if (!(expectedCohort > 0)) {
    throw new RangeError(`Cannot divide by an expected cohort of ${expectedCohort}: wanted > 0`);
  }
  const share = Math.min(1, Math.max(0, noisyBitSum / expectedCohort + 0.5));
  return clipNorm * Math.exp(-clipNormLr * (share - targetClippedQuantile));
}

/** The paper's deviation of the noise on the sum of bits: a twentieth of the expected cohort. */
export function defaultBitDeviation(expectedCohort: number): number {
  return expectedCohort / 20;
}

/**
 * The multiplier for the vectors' noise that leaves room for the bits: (z^-2 - (2 sigma_b)^-2)^(-1/2), so that both
 * releases together cost what one at `noiseMultiplier` costs (theorem 1).
 *
 * @param bitDeviation deviation of the noise on the sum of bits
 * @throws RangeError unless 0 < noiseMultiplier < 2 * bitDeviation
 */
export function updateNoiseMultiplier(noiseMultiplier: number, bitDeviation: number): number {
  if (!(noiseMultiplier > 0 && noiseMultiplier < 2 * bitDeviation)) {
    throw new RangeError(
      `Cannot split noiseMultiplier ${noiseMultiplier}: wanted above 0 and below ${2 * bitDeviation}, twice the bits' deviation`,
    );
  }
  return 1 / Math.sqrt(noiseMultiplier ** -2 - (2 * bitDeviation) ** -2);
}
