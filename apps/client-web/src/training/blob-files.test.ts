import { describe, expect, test } from "vitest";
import { blobFiles } from "./blob-files.ts";

function filesOf(blobs: Readonly<Record<string, Blob>>, limitBytes = 100) {
  return blobFiles({ get: (path) => blobs[path], limitBytes });
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of stream) parts.push(Uint8Array.from(part));
  return new Blob(parts).text();
}

describe("blobs as files", () => {
  test("are there or not, read whole or as a stream", async () => {
    const files = filesOf({ "a.csv": new Blob(["text,", "label\n"]) });
    expect([await files.exists("a.csv"), await files.exists("b.csv")]).toEqual([true, false]);
    expect(new TextDecoder().decode(await files.read("a.csv"))).toBe("text,label\n");
    expect(await textOf(files.stream("a.csv"))).toBe("text,label\n");
    await expect(files.read("b.csv")).rejects.toMatchObject({ code: "file-missing" });
    await expect(textOf(files.stream("b.csv"))).rejects.toMatchObject({ code: "file-missing" });
  });

  test("may be streamed up to the limit and not a byte above it", async () => {
    const blob = new Blob(["0123456789"]);
    expect(await textOf(filesOf({ a: blob }, 10).stream("a"))).toBe("0123456789");
    await expect(textOf(filesOf({ a: blob }, 9).stream("a"))).rejects.toMatchObject({
      code: "data-invalid",
      data: { reason: "too-large", path: "a", bytes: 10, limit: 9 },
    });
  });

  test("say so when the file behind them was changed or removed", async () => {
    const gone = new Blob(["x"]);
    const broken = () =>
      Promise.reject(new DOMException("the file has changed", "NotReadableError"));
    const stream = () => new ReadableStream({ pull: broken });
    Object.assign(gone, { arrayBuffer: broken, stream });
    const files = filesOf({ a: gone });
    const wanted = { code: "file-unreadable", message: "Cannot read a: the file has changed" };
    await expect(files.read("a")).rejects.toMatchObject(wanted);
    await expect(textOf(files.stream("a"))).rejects.toMatchObject(wanted);
  });

  test("are not read further when nobody asks", async () => {
    let [pulls, cancelled] = [0, false];
    const endless = new Blob(["x"]);
    const stream = () =>
      new ReadableStream({
        pull: (controller) => {
          pulls += 1;
          controller.enqueue(Uint8Array.of(1));
        },
        cancel: () => void (cancelled = true),
      });
    Object.assign(endless, { stream });
    for await (const _ of filesOf({ a: endless }).stream("a")) break;
    expect(cancelled).toBe(true);
    expect(pulls).toBeLessThan(5);
  });
});
