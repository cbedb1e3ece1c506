/**
 * Speed of privacy's noise, clipping and sampling against what bounds each; one JSON line each.
 *
 * `npx tsx --conditions=@fedtune/source bench/noise.ts`
 */
import { randomFillSync } from "node:crypto";
import { rngFromSeed } from "@fedtune/core";
import type { Entropy } from "@fedtune/core";
import {
  addNoise,
  discreteGaussianNoise,
  drawsFrom,
  flatClip,
  gaussianNoise,
  integerClip,
  integerGrid,
  poissonSample,
  releaseGrid,
  secureKeystream,
  systemKeystream,
} from "@fedtune/dp";
import type { Keystream } from "@fedtune/dp";

const LENGTH = 1_000_000;
const REPEATS = 12;
/** Words that one value of Gaussian noise takes: four draws of two uniforms, shared by two values. */
const WORDS_PER_VALUE = 8;

const entropy: Entropy = { bytes: (length) => randomFillSync(new Uint8Array(length)) };
const keystream = secureKeystream(entropy);

/** Least processor time of several runs, in milliseconds; everything here is one thread. */
function best(action: () => unknown): number {
  let ms = Infinity;
  for (let repeat = 0; repeat < REPEATS; repeat++) {
    const start = process.cpuUsage();
    action();
    const { user, system } = process.cpuUsage(start);
    ms = Math.min(ms, (user + system) / 1000);
  }
  return ms;
}

function print(name: string, facts: Readonly<Record<string, number>>): void {
  const rounded = Object.entries(facts).map(([key, value]) => [key, Number(value.toPrecision(3))]);
  console.log(JSON.stringify({ name, ...Object.fromEntries(rounded) }));
}

/** Millions of values per second. */
const rate = (ms: number): number => LENGTH / ms / 1e3;

const words = new Uint32Array(LENGTH);
const cipherMs = best(() => keystream.fill(words));
print("keystream, ChaCha20", { gigabytesPerSecond: words.byteLength / cipherMs / 1e6 });
const systemMs = best(() => randomFillSync(words));
print("keystream, the operating system's generator", {
  gigabytesPerSecond: words.byteLength / systemMs / 1e6,
});

// The same words again and again: what is left is logarithm, root, sine and cosine.
const ready: Keystream = {
  secure: false,
  fill: (target) => target.set(words.subarray(0, target.length)),
};
const request = { length: LENGTH, standardDeviation: 3 };
const arithmeticMs = best(() => gaussianNoise(ready, request));
print("four-draw Box-Muller from ready words", {
  millionValuesPerSecond: rate(arithmeticMs),
  millionNormalsPerSecond: 4 * rate(arithmeticMs),
});
const fast = systemKeystream(entropy);
const noiseMs = best(() => gaussianNoise(fast, request));
print("Gaussian noise, operating system's generator", {
  millionValuesPerSecond: rate(noiseMs),
  // The limit: the words and the functions, one after the other.
  ratioToLimit: (WORDS_PER_VALUE * systemMs + arithmeticMs) / noiseMs,
});
const cipherNoiseMs = best(() => gaussianNoise(keystream, request));
print("Gaussian noise, ChaCha20", {
  millionValuesPerSecond: rate(cipherNoiseMs),
  ratioToLimit: (WORDS_PER_VALUE * cipherMs + arithmeticMs) / cipherNoiseMs,
});
const discreteMs = best(() =>
  discreteGaussianNoise(fast, { length: LENGTH, standardDeviation: 2 ** 20 }),
);
print("discrete Gaussian noise, deviation 2^20", {
  millionValuesPerSecond: rate(discreteMs),
  timesGaussian: discreteMs / noiseMs,
});

const rng = rngFromSeed("bench");
const example = Float32Array.from({ length: LENGTH }, () => rng.uniform() - 0.5);
const sum = new Float64Array(LENGTH);
// What clipping reads and writes: the example twice, the sum in and out.
const traffic = (2 * 4 + 2 * 8) * LENGTH;
const flat = flatClip({ clipNorm: 1 });
const flatMs = best(() => flat.addTo(sum, example));
print("clip and add", { ms: flatMs, gigabytesPerSecond: traffic / flatMs / 1e6 });
const onGrid = integerClip(integerGrid({ clipNorm: 1, noiseMultiplier: 1, length: LENGTH }));
const integerMs = best(() => onGrid.addTo(sum, example));
print("clip and add on the integer grid", {
  ms: integerMs,
  gigabytesPerSecond: traffic / integerMs / 1e6,
});
const noise = gaussianNoise(keystream, request);
const grid = releaseGrid(1);
print("add noise and round", { ms: best(() => addNoise(sum, noise, { grid })) });

const draws = drawsFrom(fast);
for (const samplingRate of [0.5, 0.01, 1e-4]) {
  const ms = best(() => poissonSample({ populationSize: LENGTH, samplingRate }, draws));
  print(`Poisson sample at rate ${samplingRate}`, { ms });
}
