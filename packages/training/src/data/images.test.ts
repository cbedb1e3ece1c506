import { utf8 } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import { memoryFiles } from "../files.ts";
import { imageBatch } from "./image-batch.ts";
import type { FolderEntry, ImagePlatform } from "./image-platform.ts";
import { imageData, imageFormatOf, isImagePath } from "./image-reference.ts";
import { discoverImageLabels, openImageStore } from "./image-store.ts";

type Files = Readonly<Record<string, Uint8Array>>;

/** A "picture" is height, width, then gray pixels; packed files are their own text after the two bytes of gzip. */
function worldOf(files: Files) {
  const platform: ImagePlatform = {
    list(folder) {
      const own = Object.keys(files).filter((path) => path.startsWith(folder));
      const names = new Map<string, FolderEntry>();
      for (const path of own) {
        const [name = "", ...below] = path.slice(folder.length).replace(/^\//, "").split("/");
        names.set(name, { name, isFolder: below.length > 0 });
      }
      return Promise.resolve([...names.values()].reverse());
    },
    gunzip: (bytes) => Promise.resolve(bytes.subarray(2)),
    decode([height = 0, width = 0, ...pixels]) {
      if (pixels.length !== height * width) return Promise.reject(new Error("it ends too early"));
      return Promise.resolve({ height, width, channels: 1, pixels: Uint8Array.from(pixels) });
    },
  };
  return { files: memoryFiles(files), platform };
}

const idx = (magic: number, shape: readonly number[], values: readonly number[]) => {
  const header = [magic, ...shape].flatMap((value) => [0, 0, value >> 8, value & 255]);
  return Uint8Array.from([...header, ...values]);
};
const images = "d/train-images-idx3-ubyte";
const labels = "d/train-labels-idx1-ubyte";
const pair: Files = {
  [images]: idx(2051, [3, 1, 2], [1, 2, 3, 4, 5, 6]),
  [labels]: idx(2049, [3], [7, 5, 7]),
};
const size = { height: 1, width: 2, channels: 1 as const, scaling: { resizes: true } };

function load(files: Files, ref: object, options: { labels: string[]; image?: typeof size }) {
  const store = openImageStore(worldOf(files));
  return store.load(imageData({ kind: "images", path: images, ...ref }), {
    image: size,
    ...options,
  });
}

describe("IDX files", () => {
  test("images and labels come in the order of the file", async () => {
    const found = await load(pair, {}, { labels: ["5", "7"] });
    expect(found.map(({ pixels, label }) => [...pixels, label])).toEqual([
      [1, 2, 1],
      [3, 4, 0],
      [5, 6, 1],
    ]);
  });

  test("packed files are unpacked, and rows and columns choose among images", async () => {
    const packed = (bytes: Uint8Array) => Uint8Array.from([0x1f, 0x8b, ...bytes]);
    const files = {
      [`${images}.gz`]: packed(pair[images]!),
      [`${labels}.gz`]: packed(pair[labels]!),
    };
    const ref = { path: `${images}.gz`, where: { column: "label", equals: "7" }, rows: [1, 2] };
    const found = await load(files, ref, { labels: ["7", "8"] });
    expect(found.map(({ pixels }) => [...pixels])).toEqual([[5, 6]]);
  });

  test("a holdout and the rest are all images, each once", async () => {
    const part = (name: string) =>
      load(pair, { holdout: { fraction: 0.4, part: name } }, { labels: ["5", "7"] });
    const [train, held] = await Promise.all([part("train"), part("held-out")]);
    expect(train).toHaveLength(2);
    const seen = [...train, ...held].map(({ pixels }) => pixels[0]).sort();
    expect(seen).toEqual([1, 3, 5]);
  });

  test.each([
    [
      "a wrong magic",
      { [images]: idx(2049, [3, 1, 2], [1, 2, 3, 4, 5, 6]) },
      /begins with 2049, wanted 2051/,
    ],
    [
      "a truncated file",
      { [images]: pair[images]!.subarray(0, 20) },
      /holds 4 bytes after its header of \[3, 1, 2\]/,
    ],
    ["a truncated header", { [images]: pair[images]!.subarray(0, 9) }, /holds -7 bytes/],
    ["an empty file", { [images]: new Uint8Array() }, /begins with nothing/],
    [
      "fewer labels",
      { [labels]: idx(2049, [2], [7, 5]) },
      /3 images, but .*labels-idx1-ubyte has 2 labels/,
    ],
    [
      "a label without a name",
      { "d/labels.txt": utf8("zero\none\n") },
      /image 0 has label 7, but d\/labels\.txt names 2/,
    ],
  ])("%s: told with the file's name", async (_what, changes, message) => {
    const loading = load({ ...pair, ...changes }, {}, { labels: ["5", "7"] });
    await expect(loading).rejects.toMatchObject({ code: "data-invalid" });
    await expect(loading).rejects.toThrow(message);
  });

  test("[DA2] a label outside the task's list is told with its image", async () => {
    const loading = load(pair, {}, { labels: ["5", "6"] });
    await expect(loading).rejects.toMatchObject({ code: "label-unknown" });
    await expect(loading).rejects.toThrow(
      /images-idx3-ubyte, image 0: column "label" holds .* "7"/,
    );
  });

  test("labels are found in their order", async () => {
    const ref = imageData({ kind: "images", path: images });
    expect(await discoverImageLabels(ref, worldOf(pair))).toEqual(["5", "7"]);
  });
});

describe("records of one size", () => {
  const path = "d/train.bin";
  const record = (domain: number, label: number, plane: number) => [
    ...[domain, label, plane, plane + 1],
    ...[plane + 10, plane + 11, plane + 20, plane + 21],
  ];
  const files = {
    [path]: Uint8Array.from([...record(0, 1, 1), ...record(1, 0, 101)]),
    "d/domains.txt": utf8("photo\nsketch\n"),
    "d/labels.txt": utf8("dog\nhouse\n"),
  };
  const ref = { path, columns: ["domain", "label"], recordSize: [1, 2, 3] };
  const colours = { ...size, channels: 3 as const } as unknown as typeof size;

  test("planes become pixels, and names are read from the files beside", async () => {
    const found = await load(files, ref, { labels: ["dog", "house"], image: colours });
    expect(found.map(({ pixels, label }) => [label, ...pixels])).toEqual([
      [1, 1, 11, 21, 2, 12, 22],
      [0, 101, 111, 121, 102, 112, 122],
    ]);
    const where = { column: "domain", equals: "sketch" };
    expect(await load(files, { ...ref, where }, { labels: ["dog", "house"] })).toHaveLength(1);
  });

  test("half a record, and a column that is not there, are told", async () => {
    const cut = { ...files, [path]: files[path].subarray(0, 15) };
    await expect(load(cut, ref, { labels: ["dog"] })).rejects.toThrow(
      /its 15 bytes are not whole records of 8 \(2 for domain, label, 3 x 1 x 2 of pixels\)/,
    );
    const where = { column: "site", equals: "a" };
    await expect(load(files, { ...ref, where }, { labels: ["dog"] })).rejects.toThrow(
      /no column "site"; columns: domain, label/,
    );
  });
});

describe("folders by class", () => {
  const picture = (height: number, width: number, value: number) =>
    Uint8Array.from([height, width, ...new Uint8Array(height * width).fill(value)]);
  const files: Files = {
    "d/dog/b.png": picture(1, 2, 9),
    "d/dog/a.JPG": picture(3, 5, 8),
    "d/dog/.hidden": utf8("x"),
    "d/cat/c.webp": picture(2, 2, 7),
    "d/readme.txt": utf8("x"),
  };

  test("[DA7] pictures are sorted, scaled to the model, and labelled by their folder", async () => {
    const found = await load(files, { path: "d/" }, { labels: ["dog", "cat"] });
    expect(found.map(({ pixels, label }) => [label, ...pixels])).toEqual([
      [1, 7, 7],
      [0, 8, 8],
      [0, 9, 9],
    ]);
  });

  test("a level of folders for each column", async () => {
    const deep = { "d/photo/dog/a.png": picture(1, 2, 1), "d/sketch/cat/b.png": picture(1, 2, 2) };
    const columns = ["domain", "label"];
    const ref = { path: "d/", columns, where: { column: "domain", equals: "sketch" } };
    const found = await load(deep, ref, { labels: ["dog", "cat"] });
    expect(found.map(({ label }) => label)).toEqual([1]);
  });

  test.each([
    [
      "a class without pictures",
      { "d/empty/.keep": utf8("") },
      /Cannot read d\/empty: it has no pictures/,
    ],
    ["another kind of file", { "d/cat/x.gif": utf8("GIF") }, /d\/cat\/x\.gif: wanted a picture/],
    [
      "a broken picture",
      { "d/cat/x.png": Uint8Array.of(2, 2, 1) },
      /d\/cat\/x\.png: it is no usable .*ends too early/,
    ],
  ])("%s: told with its path", async (_what, changes, message) => {
    const loading = load({ ...files, ...changes }, { path: "d/" }, { labels: ["dog", "cat"] });
    await expect(loading).rejects.toMatchObject({ code: "data-invalid" });
    await expect(loading).rejects.toThrow(message);
  });

  test("a checkpoint that scales nothing refuses other sizes", async () => {
    const strict = { ...size, scaling: { resizes: false } };
    const loading = load(files, { path: "d/" }, { labels: ["dog", "cat"], image: strict });
    await expect(loading).rejects.toThrow(
      /c\.webp: it has 2 x 2 pixels, the base model wants 1 x 2/,
    );
  });
});

test("bytes become scaled patches in the order of a convolution's weight", () => {
  const scaling = { rescale: 1, mean: [0, 100, 0], std: [1, 1, 0.5], resizes: true };
  const image = {
    height: 2,
    width: 4,
    channels: 3 as const,
    patch: 2,
    attentionBias: true,
    scaling,
  };
  const pixels = Uint8Array.from({ length: 24 }, (_, index) => index);
  const found = imageBatch([{ pixels, label: 1 }], image);
  const patch = (...places: number[]) => [
    ...places.map((place) => 3 * place),
    ...places.map((place) => 3 * place + 1 - 100),
    ...places.map((place) => (3 * place + 2) * 2),
  ];
  expect([...found.patches]).toEqual([...patch(0, 1, 4, 5), ...patch(2, 3, 6, 7)]);
  expect([found.batch, found.length, found.tokens]).toEqual([1, 3, 3]);
  expect(() => imageBatch([{ pixels: new Uint8Array(5), label: 0 }], image)).toThrow(RangeError);
});

test("paths say what they are", () => {
  const formats = ["a/x-images-idx3-ubyte.gz", "train.images.idx", "d/train.bin.gz", "pets/"];
  expect(formats.map((path) => imageFormatOf({ format: null, path }))).toEqual([
    ...["idx", "idx", "records", "folder"],
  ]);
  expect(formats.every(isImagePath)).toBe(true);
  expect(["train.tsv", "rows", "bin"].some(isImagePath)).toBe(false);
});
