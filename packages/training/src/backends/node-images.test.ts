import { imageData } from "../data/image-reference.ts";
import { openImageStore } from "../data/image-store.ts";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeFiles } from "./node-files.ts";
import { nodeImages } from "./node-images.ts";

const size = { height: 5, width: 4 };
const colours = Uint8Array.from({ length: 60 }, (_, index) => (index * 37) % 256);
const raw = () => sharp(colours, { raw: { ...size, channels: 3 } });

describe("pictures are decoded", () => {
  test("lossless ones to their bytes, in PNG and WebP", async () => {
    for (const packed of [raw().png(), raw().webp({ lossless: true })]) {
      const bytes = new Uint8Array(await packed.toBuffer());
      expect(await nodeImages.decode(bytes)).toEqual({ ...size, channels: 3, pixels: colours });
    }
  });

  test("without transparency, a palette or 16 bits, and gray ones as gray", async () => {
    const alpha = await raw().ensureAlpha(0.25).png().toBuffer();
    expect((await nodeImages.decode(new Uint8Array(alpha))).pixels).toEqual(colours);
    const gray = sharp(colours.slice(0, 20), { raw: { ...size, channels: 1 } });
    const one = await gray.toColourspace("b-w").png().toBuffer();
    const found = await nodeImages.decode(new Uint8Array(one));
    const luminance = found.pixels.filter((_, index) => index % found.channels === 0);
    expect(luminance).toEqual(colours.slice(0, 20));
  });

  test("upright, as the camera's note says", async () => {
    const turned = await raw().withMetadata({ orientation: 6 }).png().toBuffer();
    const found = await nodeImages.decode(new Uint8Array(turned));
    expect([found.height, found.width]).toEqual([4, 5]);
  });

  test("other formats and broken files are refused", async () => {
    const decode = (bytes: Uint8Array) => nodeImages.decode(bytes);
    const gif = new Uint8Array(await raw().gif().toBuffer());
    await expect(decode(gif)).rejects.toThrow(/no such format/);
    const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>');
    await expect(decode(svg)).rejects.toThrow(/no such format/);
    const cut = new Uint8Array(await raw().jpeg().toBuffer()).subarray(0, 200);
    await expect(decode(cut)).rejects.toThrow();
  });
});

test("what unpacks to too much is refused while it is unpacked", async () => {
  const packed = new Uint8Array(gzipSync(new Uint8Array(100_000)));
  expect(await nodeImages.gunzip(packed, 100_000)).toHaveLength(100_000);
  await expect(nodeImages.gunzip(packed, 99_999)).rejects.toThrow(/more than 99999 bytes/);
  await expect(nodeImages.gunzip(packed.subarray(0, 30), 1e6)).rejects.toThrow();
  await expect(nodeImages.gunzip(Uint8Array.of(1, 2, 3), 1e6)).rejects.toThrow();
});

describe("a folder of pictures", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fedtune-images-"));
    for (const [name, value] of [["ants", 10] as const, ["bees", 200] as const]) {
      await mkdir(join(folder, name));
      const pixels = new Uint8Array(60).fill(value);
      const picture = sharp(pixels, { raw: { ...size, channels: 3 } }).jpeg({ quality: 100 });
      await writeFile(join(folder, name, "one.jpg"), await picture.toBuffer());
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  const load = (path: string) =>
    openImageStore({ files: nodeFiles, platform: nodeImages }).load(
      imageData({ kind: "images", path }),
      {
        labels: ["ants", "bees"],
        image: { height: 2, width: 3, channels: 1, scaling: { resizes: true } },
      },
    );

  test("becomes examples of the model's size", async () => {
    const found = await load(`${folder}/`);
    expect(found.map(({ pixels, label }) => [label, ...pixels])).toEqual([
      [0, ...new Uint8Array(6).fill(10)],
      [1, ...new Uint8Array(6).fill(200)],
    ]);
  });

  test("[DA7] a folder that is not there, and a picture that is none, are told", async () => {
    await expect(load(`${folder}/none/`)).rejects.toMatchObject({ code: "file-missing" });
    await writeFile(join(folder, "ants", "two.png"), "not a picture");
    await expect(load(`${folder}/`)).rejects.toThrow(/ants\/two\.png: it is no usable PNG/);
  });
});
