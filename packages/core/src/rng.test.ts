import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { philox, rngFromSeed, rngFromState, type Rng } from "./rng.ts";

type Words = readonly [number, number, number, number];

const draw = (rng: Rng, count: number): number[] =>
  Array.from({ length: count }, () => rng.uint32());

/** Pearson's statistic of counts against equal expectation. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

function moments(values: readonly number[]): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, variance };
}

describe("philox", () => {
  const F = 0xffffffff;
  // Random123 1.14, tests/kat_vectors, lines "philox4x32 10".
  it.each<[Words, readonly [number, number], Words]>([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [F, F, F, F],
      [F, F],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])("[NU1] answers the published vector %#", (counter, key, wanted) => {
    const out = new Uint32Array(4);
    philox(counter, key, out);
    expect([...out]).toEqual(wanted);
  });

  it("[NU1] equals a BigInt transcription of the paper's round", () => {
    const word = fc.nat(0xffffffff);
    fc.assert(
      fc.property(fc.tuple(word, word, word, word), fc.tuple(word, word), (counter, key) => {
        const out = new Uint32Array(4);
        philox(counter, key, out);
        expect([...out]).toEqual(slowPhilox(counter, key));
      }),
    );
  });

  it("[NU1] a stream is the blocks of its counter in order, across the 32-bit carry", () => {
    const key: Words = [1, 2, 3, 4];
    const out = new Uint32Array(4);
    philox([0xffffffff, 0, 3, 4], [1, 2], out);
    const last = [...out];
    philox([0, 1, 3, 4], [1, 2], out);
    const rng = rngFromState({ key, position: 0xffffffff * 4 });
    expect(draw(rng, 8)).toEqual([...last, ...out]);
  });
});

function slowPhilox(counter: Words, key: readonly [number, number]): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt) as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key.map(BigInt) as [bigint, bigint];
  const mask = 0xffffffffn;
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & mask, (p0 >> 32n) ^ c3 ^ k1, p0 & mask];
    k0 = (k0 + 0x9e3779b9n) & mask;
    k1 = (k1 + 0xbb67ae85n) & mask;
  }
  return [c0, c1, c2, c3].map(Number);
}

describe("streams", () => {
  it("[NU2] the same seed gives the same words, another seed others", () => {
    expect(draw(rngFromSeed(7), 9)).toEqual(draw(rngFromSeed("7"), 9));
    expect(draw(rngFromSeed(7), 9)).not.toEqual(draw(rngFromSeed(8), 9));
    expect(draw(rngFromSeed("run"), 4)).toEqual([1857752844, 2281000478, 3246716642, 1949297036]);
  });

  it("[NU2] refuses seeds and states that are not integers", () => {
    expect(() => rngFromSeed(0.5)).toThrow(RangeError);
    expect(() => rngFromSeed(Number.NaN)).toThrow(RangeError);
    expect(() => rngFromState({ key: [0, 0, 0, -1], position: 0 })).toThrow(RangeError);
    expect(() => rngFromState({ key: [0, 0, 0, 0], position: 1.5 })).toThrow(RangeError);
  });

  it("[NU3] a state continues exactly, from any position", () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(40), (seed, drawn) => {
        const rng = rngFromSeed(seed);
        draw(rng, drawn);
        const copy = rngFromState(
          JSON.parse(JSON.stringify(rng.state())) as ReturnType<Rng["state"]>,
        );
        expect(copy.state().position).toBe(drawn);
        expect(draw(copy, 10)).toEqual(draw(rng, 10));
      }),
    );
  });

  it("[NU3] uniform takes two words, normal four, below one or more", () => {
    const rng = rngFromSeed(1);
    rng.uniform();
    expect(rng.state().position).toBe(2);
    rng.normal();
    expect(rng.state().position).toBe(6);
    rng.below(1);
    expect(rng.state().position).toBe(7);
  });

  it("[NU4] a fork depends on key and label alone and leaves its parent where it was", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.nat(9), (label, other, drawn) => {
        const rng = rngFromSeed(3);
        const early = draw(rng.fork(label), 6);
        draw(rng, drawn);
        expect(draw(rng.fork(label), 6)).toEqual(early);
        expect(rng.state().position).toBe(drawn);
        if (other !== label) expect(draw(rng.fork(other), 6)).not.toEqual(early);
      }),
    );
  });

  it("[NU4] labels that differ in padding, length or nesting name different streams", () => {
    const rng = rngFromSeed(3);
    const labels = ["", "\0", "\0\0", "a", "a\0", "12345678", "12345678\0", "123456789"];
    const keys = labels.map((label) => rng.fork(label).state().key.join());
    keys.push(rng.fork("a").fork("b").state().key.join(), rng.fork("ab").state().key.join());
    keys.push(rng.state().key.join());
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("[NU4] forks of neighbouring labels are uncorrelated", () => {
    const rng = rngFromSeed(11);
    const n = 20_000;
    const [left, right] = [rng.fork("client-1"), rng.fork("client-2")];
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (left.uniform() - 0.5) * (right.uniform() - 0.5) * 12;
    expect(Math.abs(sum / Math.sqrt(n))).toBeLessThan(4);
  });
});

describe("distributions", () => {
  it("[NU5] every bit of a word is fair and words are spread evenly", () => {
    const rng = rngFromSeed("bits");
    const n = 100_000;
    const bits = new Array<number>(32).fill(0);
    const bins = new Array<number>(256).fill(0);
    for (let i = 0; i < n; i++) {
      const word = rng.uint32();
      bins[word >>> 24]! += 1;
      for (let bit = 0; bit < 32; bit++) bits[bit]! += (word >>> bit) & 1;
    }
    for (const ones of bits) expect(Math.abs(ones - n / 2) / Math.sqrt(n / 4)).toBeLessThan(4.5);
    // 255 degrees of freedom: mean 255, deviation 22.6.
    expect(Math.abs(chiSquare(bins) - 255)).toBeLessThan(4 * 22.6);
  });

  it("[NU5] uniform has mean 1/2 and variance 1/12 and stays below 1", () => {
    const rng = rngFromSeed("uniform");
    const values = Array.from({ length: 100_000 }, () => rng.uniform());
    const { mean, variance } = moments(values);
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / 1e5));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / 1e5));
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true);
  });

  it("[NU5] normal has the moments and tails of the standard normal", () => {
    const rng = rngFromSeed("normal");
    const n = 200_000;
    const values = Array.from({ length: n }, () => rng.normal());
    const { mean, variance } = moments(values);
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(n));
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / n));
    const fourth = values.reduce((sum, value) => sum + value ** 4, 0) / n;
    expect(Math.abs(fourth - 3)).toBeLessThan(4 * Math.sqrt(96 / n));
    const beyond = values.filter((value) => Math.abs(value) > 1.959964).length / n;
    expect(Math.abs(beyond - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / n));
  });

  it("[NU6] below is unbiased where modulo is not", () => {
    const rng = rngFromSeed("below");
    const n = 3 * 2 ** 30; // a plain modulo would make the lowest third twice as likely
    const bins = [0, 0, 0];
    for (let i = 0; i < 30_000; i++) bins[Math.floor(rng.below(n) / 2 ** 30)]! += 1;
    expect(chiSquare(bins)).toBeLessThan(20);
    const dice = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i++) dice[rng.below(6)]! += 1;
    expect(chiSquare(dice)).toBeLessThan(26);
  });

  it("[NU6] below accepts 1 to 2^32 and refuses the rest", () => {
    const rng = rngFromSeed(5);
    expect(rng.below(1)).toBe(0);
    expect(rng.below(2 ** 32)).toBe(rngFromState({ ...rng.state(), position: 1 }).uint32());
    for (const n of [0, -1, 1.5, 2 ** 32 + 1, Number.NaN]) {
      expect(() => rng.below(n)).toThrow(RangeError);
    }
  });

  it("[NU6] shuffle is in place, keeps the items and makes every order equally likely", () => {
    const rng = rngFromSeed("shuffle");
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const items = ["a", "b", "c", "d"];
      expect(rng.shuffle(items)).toBe(items);
      const order = items.join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // 23 degrees of freedom: mean 23, deviation 6.8.
    expect(chiSquare([...counts.values()])).toBeLessThan(23 + 4 * 6.8);
  });
});
