import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { goldenJson } from "../test-support/golden.ts";
import { fitPicture } from "./picture.ts";
import type { Picture } from "./picture.ts";

interface PillowGolden {
  readonly resized: readonly {
    readonly from: readonly [number, number, 1 | 3];
    readonly to: readonly [number, number];
    readonly pixels: string;
    readonly wanted: string;
  }[];
  readonly gray: { readonly pixels: string; readonly wanted: string };
}

const golden = goldenJson<PillowGolden>("vit/pillow.json");
const bytes = (text: string) => Uint8Array.from(Buffer.from(text, "base64"));

describe("pictures are scaled as Pillow does it, bit for bit", () => {
  test.each(golden.resized)("$from to $to", ({ from, to, pixels, wanted }) => {
    const [height, width, channels] = from;
    const picture: Picture = { height, width, channels, pixels: bytes(pixels) };
    const found = fitPicture(picture, { height: to[0], width: to[1], channels });
    expect(found.pixels).toEqual(bytes(wanted));
  });

  test("colours become gray", () => {
    const size = { height: 4, width: 5 };
    const picture: Picture = { ...size, channels: 3, pixels: bytes(golden.gray.pixels) };
    const found = fitPicture(picture, { ...size, channels: 1 });
    expect(found.pixels).toEqual(bytes(golden.gray.wanted));
  });
});

const side = fc.integer({ min: 1, max: 40 });

test("a picture of one value keeps it at every size", () => {
  fc.assert(
    fc.property(side, side, side, side, fc.integer({ min: 0, max: 255 }), (h, w, h2, w2, value) => {
      const pixels = new Uint8Array(h * w).fill(value);
      const found = fitPicture(
        { height: h, width: w, channels: 1, pixels },
        { height: h2, width: w2, channels: 3 },
      );
      expect(found.pixels).toEqual(new Uint8Array(h2 * w2 * 3).fill(value));
    }),
  );
});

test("what fits already is not copied", () => {
  const picture: Picture = { height: 2, width: 3, channels: 1, pixels: new Uint8Array(6) };
  expect(fitPicture(picture, { height: 2, width: 3, channels: 1 })).toBe(picture);
});
