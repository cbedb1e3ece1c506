import { describe, expect, test } from "vitest";
import { droppedFolder, pickedFolder } from "./chosen-folder.ts";

interface Tree {
  readonly [name: string]: Tree | string;
}

/** As browsers have it: some entries at a time. */
function entryOf(name: string, tree: Tree | string): FileSystemEntry {
  if (typeof tree === "string") {
    const file = (done: (file: File) => void) => done(new File([tree], name));
    return { name, isFile: true, isDirectory: false, file } as unknown as FileSystemEntry;
  }
  const createReader = () => {
    const left = Object.entries(tree).map(([own, below]) => entryOf(own, below));
    return { readEntries: (done: (some: FileSystemEntry[]) => void) => done(left.splice(0, 2)) };
  };
  return { name, isFile: false, isDirectory: true, createReader } as unknown as FileSystemEntry;
}

const dropped = (...entries: readonly (FileSystemEntry | null)[]) =>
  droppedFolder(
    entries.map((entry) => ({ webkitGetAsEntry: () => entry }) as unknown as DataTransferItem),
  );

describe("a folder", () => {
  test("that was dropped has all files two levels down, by their paths in it", async () => {
    const cats = { "1.png": "a", "2.png": "b", "3.png": "c", deeper: { "4.png": "d" } };
    const tree = { cats, dogs: { "1.png": "e" }, "notes.txt": "f" };
    const folder = await dropped(null, entryOf("one.csv", "x"), entryOf("animals", tree));
    expect(folder?.name).toBe("animals");
    const texts = await Promise.all(
      (folder?.files ?? []).map(async ({ path, file }) => [path, await file.text()]),
    );
    expect(texts).toEqual([
      ["cats/1.png", "a"],
      ["cats/2.png", "b"],
      ["cats/3.png", "c"],
      ["dogs/1.png", "e"],
      ["notes.txt", "f"],
    ]);
  });

  test("is not among files, and not in a text that was dropped", () => {
    expect([dropped(entryOf("one.csv", "x")), dropped(null), dropped()]).toEqual([
      ...[null, null, null],
    ]);
  });

  test("that cannot be read rejects", async () => {
    const broken = {
      ...{ name: "x", isDirectory: true },
      createReader: () => ({
        readEntries: (_: unknown, fail: (error: Error) => void) => fail(new Error("gone")),
      }),
    };
    await expect(dropped(broken as unknown as FileSystemEntry)).rejects.toThrow("gone");
  });

  test("that was picked loses its own name from the paths", () => {
    const file = (path: string) =>
      Object.assign(new File(["a"], "x"), { webkitRelativePath: path });
    const folder = pickedFolder([file("animals/cats/1.png"), file("animals/notes.txt")]);
    expect(folder?.name).toBe("animals");
    expect(folder?.files.map(({ path }) => path)).toEqual(["cats/1.png", "notes.txt"]);
    expect(pickedFolder([])).toBeNull();
  });
});
