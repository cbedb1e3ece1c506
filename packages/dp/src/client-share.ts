/** The part of user-level privacy that clients see to with noiseBy clients: each clips its own change and adds a share of the noise. */
import { addNoise, gaussianNoise, releaseGrid } from "./noise/gaussian.ts";
import { flatClip } from "./clip/flat.ts";
import type { Keystream } from "./noise/keystream.ts";
import type { UserLevelPrivacy } from "./privacy-settings.ts";

/** Settings that a share depends on. */
export type ShareSettings = Pick<UserLevelPrivacy, "clipNorm" | "noiseMultiplier" | "noiseShares">;

/**
 * Clips a client's change and adds noise of deviation noiseMultiplier * clipNorm / sqrt(noiseShares), in place: the shares
 * of any `noiseShares` clients have the whole deviation together, those of more clients more. A change that is not finite
 * becomes noise alone.
 *
 * @throws RangeError while noise or shares are still to be found: resolve the run's config first
 */
export function addShare(
  change: Float32Array,
  { clipNorm, noiseMultiplier, noiseShares }: ShareSettings,
  keystream: Keystream,
): void {
  if (noiseMultiplier === null || noiseShares === null)
    throw new RangeError("Cannot add a share of noise before the run's config is resolved");
  const standardDeviation = (noiseMultiplier * clipNorm) / Math.sqrt(noiseShares);
  const noise = gaussianNoise(keystream, { length: change.length, standardDeviation });
  const clipped = new Float64Array(change.length);
  flatClip({ clipNorm }).addTo(clipped, change);
  change.set(addNoise(clipped, noise, { grid: releaseGrid(clipNorm) }));
}
