import { rngFromSeed } from "@fedtune/core";
import { expect, test } from "vitest";
import { countingEntropy } from "../test-support/entropy.ts";
import { correlation } from "../test-support/statistics.ts";
import { drawsFrom } from "./draws.ts";
import { secureKeystream, seededKeystream, systemKeystream } from "./keystream.ts";

function hex(words: Uint32Array): string {
  return Array.from(new Uint8Array(words.buffer), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
}

test("the keystream is ChaCha20: RFC 8439, appendix A.1, test vectors 1 and 2", () => {
  const keystream = secureKeystream({ bytes: (length) => new Uint8Array(length) });
  const blocks = [new Uint32Array(16), new Uint32Array(16)];
  for (const block of blocks) keystream.fill(block);
  expect(blocks.map(hex)).toEqual([
    "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
    "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
  ]);
});

test("what a fill finds in its words does not matter, and a view is filled only where it points", () => {
  const words = new Uint32Array(48).fill(7);
  secureKeystream(countingEntropy()).fill(words.subarray(16, 32));
  const clean = new Uint32Array(16);
  secureKeystream(countingEntropy()).fill(clean);
  expect(words.slice(16, 32)).toEqual(clean);
  expect([...words.subarray(0, 16), ...words.subarray(32)].every((word) => word === 7)).toBe(true);
});

test("a key is used for so many blocks and not one more", () => {
  const entropy = countingEntropy();
  const keystream = secureKeystream(entropy, { blocksPerKey: 2 });
  const words = new Uint32Array(5 * 16);
  keystream.fill(words);
  expect(entropy.calls()).toBe(6);
  const blocks = [0, 1, 2, 3, 4].map((index) => hex(words.slice(16 * index, 16 * index + 16)));
  expect(new Set(blocks).size).toBe(5);
});

test("[DP10] two restarts never share a word, and no stream shows its state", () => {
  const entropy = countingEntropy();
  const streams = [secureKeystream(entropy), secureKeystream(entropy)].map((keystream) => {
    expect(Object.keys(keystream).toSorted()).toEqual(["fill", "secure"]);
    const words = new Uint32Array(10_000);
    keystream.fill(words);
    return words;
  });
  const shared = streams[0]!.filter((word, index) => word === streams[1]![index]);
  expect(shared.length).toBeLessThan(3);
  expect(Math.abs(correlation(streams[0]!, streams[1]!))).toBeLessThan(4 / Math.sqrt(10_000));
});

test("[DP11] the operating system's words are taken as they are, 65,536 bytes at a time", () => {
  const asked: number[] = [];
  const keystream = systemKeystream({
    bytes(length) {
      asked.push(length);
      return new Uint8Array(length).fill(asked.length);
    },
  });
  const words = new Uint32Array(40_000);
  keystream.fill(words.subarray(1));
  expect(asked).toEqual([65_536, 65_536, 4 * 39_999 - 2 * 65_536]);
  expect([0, 1, 16_384, 16_385, 39_999].map((at) => words[at])).toEqual([
    0, 0x01010101, 0x01010101, 0x02020202, 0x03030303,
  ]);
  expect(keystream.secure).toBe(true);
});

test("an entropy port that gives too few bytes is not made up for", () => {
  const short = { bytes: () => new Uint8Array(8) };
  expect(() => systemKeystream(short).fill(new Uint32Array(4))).toThrow(RangeError);
  expect(() => secureKeystream(short).fill(new Uint32Array(4))).toThrow(RangeError);
});

test("[DP11] a seeded stream says so, and repeats", () => {
  const streams = [1, 1, 2].map((seed) => {
    const words = new Uint32Array(100);
    seededKeystream(rngFromSeed(seed)).fill(words);
    return words;
  });
  expect(seededKeystream(rngFromSeed(1)).secure).toBe(false);
  expect(secureKeystream(countingEntropy()).secure).toBe(true);
  expect(streams[0]).toEqual(streams[1]);
  expect(streams[0]).not.toEqual(streams[2]);
});

test("single draws from a keystream are the draws of core's generator", () => {
  const draws = drawsFrom(seededKeystream(rngFromSeed(3)), 7);
  const rng = rngFromSeed(3);
  for (let i = 0; i < 50; i++) {
    expect(draws.uint32()).toBe(rng.uint32());
    expect(draws.uniform()).toBe(rng.uniform());
    expect(draws.below(1000 + i)).toBe(rng.below(1000 + i));
  }
  expect(() => draws.below(0)).toThrow(RangeError);
});
