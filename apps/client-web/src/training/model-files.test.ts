import { createHash } from "node:crypto";
import { digest } from "@fedtune/core";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { IncomingFile, KeptFiles } from "./kept-files.ts";
import { bringModel } from "./model-files.ts";
import type { ModelFile } from "./types.ts";

const contents: Readonly<Record<string, string>> = { "a.json": "{}", "b.bin": "0123456789" };

function fileOf(name: string): ModelFile {
  const bytes = Buffer.from(contents[name] ?? "");
  const hash = digest(createHash("sha256").update(bytes).digest("hex"));
  return { name, url: `https://hub.example/${name}`, bytes: bytes.length, hash };
}
const [a, b] = [fileOf("a.json"), fileOf("b.bin")];

/** Files kept in a map; `room` bytes may be written before the device is full. */
function keptIn(store: Map<string, Blob>, room = Number.POSITIVE_INFINITY) {
  const seen = { discarded: 0 };
  const kept: KeptFiles = {
    find: (hash) => Promise.resolve((store.get(hash) as File | undefined) ?? null),
    begin: () => {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      let size = 0;
      const incoming: IncomingFile = {
        write(bytes) {
          size += bytes.length;
          if (size > room) throw new DOMException("no room", "QuotaExceededError");
          parts.push(bytes);
        },
        keep(hash) {
          const file = new File(parts, hash);
          store.set(hash, file);
          return Promise.resolve(file);
        },
        discard: () => Promise.resolve(void (seen.discarded += 1)),
      };
      return Promise.resolve(incoming);
    },
  };
  return { kept, seen };
}

describe("a model's files", () => {
  const asked: string[] = [];
  const bytes: (readonly [ready: number, fetched: number])[] = [];
  let answer: (url: string) => Response;

  beforeEach(() => {
    asked.length = bytes.length = 0;
    answer = (url) => new Response(contents[url.split("/").at(-1) ?? ""]);
    vi.stubGlobal("fetch", async (url: string) => {
      asked.push(url);
      return answer(url);
    });
  });
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const bring = (kept: KeptFiles | null, files = [a, b]) =>
    bringModel(files, {
      kept,
      headers: () => Promise.resolve({}),
      onBytes: (...told) => void bytes.push(told),
    });
  const sum = (at: 0 | 1) => bytes.reduce((total, told) => total + told[at], 0);

  test("are fetched, checked and kept, and found the next time", async () => {
    const { kept } = keptIn(new Map());
    const first = await bring(kept);
    expect(await first.get("b.bin")?.text()).toBe("0123456789");
    expect([sum(0), sum(1)]).toEqual([12, 12]);
    bytes.length = asked.length = 0;
    const second = await bring(kept);
    expect(await second.get("a.json")?.text()).toBe("{}");
    expect(asked).toEqual([]);
    expect([sum(0), sum(1)]).toEqual([12, 0]);
  });

  test("come into memory where nothing is kept", async () => {
    expect(await (await bring(null)).get("b.bin")?.text()).toBe("0123456789");
  });

  test("come into memory when the device is full, with nothing half kept", async () => {
    const store = new Map<string, Blob>();
    const { kept, seen } = keptIn(store, 4);
    expect(await (await bring(kept)).get("b.bin")?.text()).toBe("0123456789");
    expect([...store.keys()]).toEqual([a.hash]);
    expect(seen.discarded).toBe(1);
    expect(asked).toEqual([a.url, b.url, b.url]);
    expect(sum(0)).toBe(12);
  });

  test.each([
    ["other bytes", "0123456788", /SHA-256/],
    ["fewer bytes", "012345678", /it has 9 bytes, wanted 10/],
    ["more bytes", "0123456789x", /it has more bytes, wanted 10/],
  ])("are refused with %s, and taken off the progress", async (_, text, message) => {
    const store = new Map<string, Blob>();
    const { kept, seen } = keptIn(store);
    answer = () => new Response(text);
    const refused = bring(kept, [b]);
    await expect(refused).rejects.toMatchObject({ code: "blob-corrupt", data: { file: "b.bin" } });
    await expect(refused).rejects.toThrow(message);
    expect(store.size).toBe(0);
    expect(seen.discarded).toBe(1);
    expect(sum(0)).toBe(0);
  });

  test.each([
    ["is not there", () => new Response("", { status: 404 }), /404/],
    ["breaks off", () => new Response(new ReadableStream({ pull: fail })), /the line is cut/],
    ["cannot be reached", fail, /the line is cut/],
  ])("say so when the server %s", async (_, respond, message) => {
    answer = respond;
    const refused = bring(keptIn(new Map()).kept, [b]);
    await expect(refused).rejects.toMatchObject({ code: "blob-missing", data: { file: "b.bin" } });
    await expect(refused).rejects.toThrow(message);
  });
});

function fail(): never {
  throw new TypeError("the line is cut");
}
