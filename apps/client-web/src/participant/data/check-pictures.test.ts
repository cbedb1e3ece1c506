import { describe, expect, it } from "vitest";
import { openPack } from "../../training/picture-pack.ts";
import { checkPictures } from "./check-pictures.ts";
import { noChoices } from "./choices.ts";
import type { CheckedFile, FileChoices, WantedData } from "./choices.ts";

const wanted: WantedData = {
  ...{ isLanguage: false, labels: ["cat", "dog"], minimumExamples: 2, limitBytes: 100 },
  hints: { text: "text", textPair: null, label: "label" },
};

/** Contents by path; what begins with "bad" is no picture. */
function check(
  files: Readonly<Record<string, string>>,
  { choices = {}, want = {}, name = "pets" }: Asked = {},
): Promise<CheckedFile> {
  const entries = Object.entries(files).map(([path, text]) => {
    return { path, file: new File([text], path) };
  });
  return checkPictures(
    { name, files: entries },
    { wanted: { ...wanted, ...want }, choices: { ...noChoices, ...choices } },
    {
      ...{ signal: new AbortController().signal, onProgress: () => undefined },
      look(bytes, { thumbnail }) {
        const isBad = new TextDecoder().decode(bytes).startsWith("bad");
        if (isBad) return Promise.reject(new Error("no picture"));
        return Promise.resolve(thumbnail ? new Blob(["small"]) : null);
      },
    },
  );
}

interface Asked {
  readonly choices?: Partial<FileChoices>;
  readonly want?: Partial<WantedData>;
  readonly name?: string;
}

const good = { "cat/2.png": "b", "cat/1.png": "a", "dog/1.JPEG": "c" };

async function packed({ copy }: CheckedFile): Promise<readonly (readonly string[])[]> {
  const pictures = copy === null ? [] : await openPack(copy);
  return Promise.all(
    pictures.map(async ({ folder, name, picture }) => [folder, name, await picture.text()]),
  );
}

describe("a look at a folder of pictures", () => {
  it("[DA1] takes pictures by folder and name, and leaves alone what the command line leaves alone", async () => {
    const others = { ".DS_Store": "x", "cat/Thumbs.db": "x", "cat/.a.png": "x", ".git/a.png": "x" };
    const deeper = { "notes.txt": "x", "cat/old/3.png": "x" };
    const found = await check({ ...good, ...others, ...deeper });
    expect(found.problems).toEqual([]);
    expect(found.facts).toMatchObject({ bytes: 3, rows: 3, usedRows: 3, mapping: null });
    expect(await packed(found)).toEqual([
      ["cat", "1.png", "a"],
      ["cat", "2.png", "b"],
      ["dog", "1.JPEG", "c"],
    ]);
    expect(found.facts?.thumbnails?.map(({ path }) => path)).toEqual([
      ...["cat/1.png", "cat/2.png", "dog/1.JPEG"],
    ]);
  });

  it("[SE7] knows the same pictures again, whatever their order and the folder around them", async () => {
    const sha256 = async (files: Readonly<Record<string, string>>, name: string) =>
      (await check(files, { name })).facts?.sha256;
    const turned = Object.fromEntries(Object.entries(good).toReversed());
    expect(await sha256(turned, "copy of pets")).toBe(await sha256(good, "pets"));
    expect(await sha256({ ...good, "cat/1.png": "A" }, "pets")).not.toBe(
      await sha256(good, "pets"),
    );
    const moved = { "cat/1.png": "ab", "dog/1.JPEG": "c" };
    expect(await sha256(moved, "pets")).not.toBe(await sha256(good, "pets"));
  });

  it("two folders that count as one label keep pictures of one name", async () => {
    const labels = { kitten: "cat" };
    const found = await check({ ...good, "kitten/1.png": "d" }, { choices: { labels } });
    expect(found.facts?.labels).toEqual([
      { label: "cat", rows: 3 },
      { label: "dog", rows: 1 },
    ]);
    expect(await packed(found)).toContainEqual(["cat", "3-1.png", "d"]);
  });

  it("says all that is wrong at once, broken pictures by their paths", async () => {
    const found = await check({ "cat/1.png": "bad", "cat/2.gif": "a", "bird/1.png": "b" });
    expect(found.problems).toEqual([
      {
        ...{ kind: "pictures-broken", count: 2 },
        pictures: [
          { path: "cat/1.png", reason: "content" },
          { path: "cat/2.gif", reason: "ending" },
        ],
      },
      {
        ...{ kind: "labels-unknown", rows: 1 },
        labels: [{ label: "bird", rows: 1, line: 1, nearest: null }],
      },
      { kind: "too-few-rows", rows: 0, wanted: 2 },
    ]);
    expect(found.copy).toBeNull();
  });

  it("does not begin with what is empty or too large", async () => {
    expect(await check({ "1.png": "a" })).toMatchObject({
      ...{ facts: null, problems: [{ kind: "no-pictures", name: "pets" }] },
    });
    expect(await check(good, { want: { limitBytes: 2 } })).toMatchObject({
      ...{ facts: null, problems: [{ kind: "too-large", bytes: 3, limitBytes: 2 }] },
    });
  });
});
