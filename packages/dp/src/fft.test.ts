import { rngFromSeed } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { createFft, mirrored } from "./fft.ts";

function noise(size: number, seed: string): Float64Array {
  const rng = rngFromSeed(seed);
  return Float64Array.from({ length: size }, () => rng.uniform() - 0.5);
}

function reversedBits(place: number, size: number): number {
  let [bits, rest] = [0, place];
  for (let half = size >> 1; half > 0; half >>= 1, rest >>= 1) bits |= (rest & 1) * half;
  return bits;
}

/** The sum that defines the transform. */
function slowTransform(re: Float64Array, im: Float64Array, frequency: number) {
  let [x, y] = [0, 0];
  for (let j = 0; j < re.length; j++) {
    const angle = (-2 * Math.PI * ((j * frequency) % re.length)) / re.length;
    x += re[j]! * Math.cos(angle) - im[j]! * Math.sin(angle);
    y += re[j]! * Math.sin(angle) + im[j]! * Math.cos(angle);
  }
  return [x, y] as const;
}

describe("the Fourier transform", () => {
  it.each([1, 2, 4, 8, 16, 32, 64, 128, 4096])(
    "of %d values equals its defining sum, in bit-reversed order",
    (size) => {
      const [re, im] = [noise(size, "re"), noise(size, "im")];
      const [a, b] = [re.slice(), im.slice()];
      createFft(size).forward(a, b);
      for (let place = 0; place < size; place += Math.ceil(size / 128)) {
        const [x, y] = slowTransform(re, im, reversedBits(place, size));
        expect(Math.abs(a[place]! - x)).toBeLessThan(1e-12 * Math.sqrt(size));
        expect(Math.abs(b[place]! - y)).toBeLessThan(1e-12 * Math.sqrt(size));
      }
    },
  );

  it.each([1, 2, 8, 2048, 4096, 8192, 65536])("of %d values is undone by its inverse", (size) => {
    const [re, im] = [noise(size, "re"), noise(size, "im")];
    const [a, b] = [re.slice(), im.slice()];
    const fft = createFft(size);
    fft.forward(a, b);
    fft.inverse(a, b);
    const worst = Math.max(...a.map((value, k) => Math.abs(value / size - re[k]!)));
    expect(worst).toBeLessThan(1e-15 * Math.log2(size + 2));
    expect(Math.max(...b.map((value, k) => Math.abs(value / size - im[k]!)))).toBeLessThan(1e-14);
  });

  it("places a frequency and its negative where `mirrored` says", () => {
    for (const size of [1, 2, 4, 64, 256]) {
      for (let place = 0; place < size; place++) {
        const sum = reversedBits(place, size) + reversedBits(mirrored(place), size);
        expect(sum % size).toBe(0);
      }
    }
  });

  it.each([0, 3, 12, 1.5, -4])("of %d values is refused", (size) => {
    expect(() => createFft(size)).toThrow(RangeError);
  });
});
