import { describe, expect, test } from "vitest";
import { blobFiles } from "./blob-files.ts";
import { pictureFiles } from "./picture-files.ts";
import { openPack, packPictures } from "./picture-pack.ts";

const pictures = [
  { folder: "n/a", name: "1.png", picture: new Blob(["one"]) },
  { folder: "cats", name: "1.png", picture: new Blob(["two!"]) },
  { folder: "cats", name: "ä.png", picture: new Blob([]) },
];

describe("a pack of pictures", () => {
  test("gives back what was put in, in its order", async () => {
    const found = await openPack(packPictures(pictures));
    expect(found.map(({ folder, name }) => [folder, name])).toEqual(
      pictures.map(({ folder, name }) => [folder, name]),
    );
    expect(await Promise.all(found.map(({ picture }) => picture.text()))).toEqual([
      ...["one", "two!", ""],
    ]);
    expect(await openPack(packPictures([]))).toEqual([]);
  });

  test("is refused when it is cut, when something follows, and when it is something else", async () => {
    const whole = packPictures(pictures);
    const head = Uint8Array.of(0, 0, 0, 2);
    const others = [
      ...[whole.slice(0, -1), new Blob([whole, "x"]), new Blob([]), new Blob(["text,label\n"])],
      ...[new Blob([head, "[}"]), new Blob([head, "{}"])],
    ];
    for (const other of others)
      await expect(openPack(other)).rejects.toMatchObject({ code: "data-invalid" });
  });
});

describe("a pack among files", () => {
  const blobs = new Map([
    ["rows.csv", new Blob(["text"])],
    ["pictures", packPictures(pictures)],
  ]);
  const open = (mostPictures = 3) => {
    const plain = blobFiles({ get: (path) => blobs.get(path), limitBytes: 100 });
    return pictureFiles({ blobs, plain, mostPictures });
  };

  test("is a folder with a folder for each label, whatever that is called", async () => {
    const { files, list } = open();
    expect(await list("pictures")).toEqual([
      { name: "n/a", isFolder: true },
      { name: "cats", isFolder: true },
    ]);
    expect(await list("pictures/n/a")).toEqual([{ name: "1.png", isFolder: false }]);
    const text = async (path: string) => new TextDecoder().decode(await files.read(path));
    expect(await text("pictures/n/a/1.png")).toBe("one");
    expect(await text("pictures/cats/1.png")).toBe("two!");
    expect(await text("rows.csv")).toBe("text");
  });

  test("says what is not there", async () => {
    const { files, list } = open();
    const missing = { code: "file-missing" };
    for (const path of ["pictures/dogs", "nowhere", "pictures/cats/1.png"])
      await expect(list(path)).rejects.toMatchObject(missing);
    for (const path of ["pictures/cats/2.png", "pictures/cats", "nowhere/1.png"])
      await expect(files.read(path)).rejects.toMatchObject(missing);
  });

  test("is refused with more pictures than the memory takes", async () => {
    const bytes = blobs.get("pictures")?.size ?? 0;
    await expect(open(2).list("pictures")).rejects.toMatchObject({
      code: "data-invalid",
      data: { reason: "too-large", bytes, limit: Math.floor((bytes * 2) / 3) },
    });
  });
});
