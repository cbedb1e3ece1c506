import { expectSameBits } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { packState, unpackState } from "./state-bytes.ts";

const vectors = [
  Float32Array.of(1, -0, Number.NaN),
  new Float32Array(),
  Float32Array.of(2 ** -149),
];

describe("state bytes", () => {
  it("gives back header and vectors bit for bit, from any alignment", () => {
    const packed = packState({ header: { round: 3, name: "ä" }, vectors });
    for (const shift of [0, 1, 2, 3]) {
      const memory = new Uint8Array(packed.length + shift);
      memory.set(packed, shift);
      const { header, vectors: read } = unpackState(memory.subarray(shift));
      expect(header).toEqual({ round: 3, name: "ä" });
      read.forEach((vector, i) => {
        expectSameBits(vector, vectors[i]!);
      });
    }
  });

  it("refuses bytes that it did not pack", () => {
    const packed = packState({ header: null, vectors });
    const broken = [
      new Uint8Array(),
      packed.subarray(0, -4),
      packed.subarray(0, -1),
      packed.subarray(1),
    ];
    for (const bytes of broken) {
      expect(() => unpackState(bytes)).toThrow(expect.objectContaining({ code: "codec-invalid" }));
    }
  });
});
