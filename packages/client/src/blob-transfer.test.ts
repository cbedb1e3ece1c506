import { clientId, runId, utf8, virtualClock } from "@fedtune/core";
import type { VirtualClock } from "@fedtune/core";
import { nodeHash } from "@fedtune/testkit";
import { beforeEach, describe, expect, it } from "vitest";
import { blobTransfer } from "./blob-transfer.ts";
import type { Fetch, FetchRequest, FetchResponse } from "./blob-transfer.ts";

const bytes = utf8("adapter");
const ref = { hash: nodeHash.sha256(bytes), bytes: bytes.length };
const slot = { run: runId("toy"), round: 3, client: clientId("ada") };
const never = new AbortController().signal;

let clock: VirtualClock;
let asked: { url: string; request: FetchRequest }[];
let cancelled: number;

beforeEach(() => {
  clock = virtualClock(() => new Promise((resolve) => setImmediate(resolve)));
  asked = [];
  cancelled = 0;
});

/** An answer whose body comes in parts. */
function answer(status: number, ...parts: Uint8Array[]): FetchResponse {
  const left = [...parts];
  const read = () => {
    const value = left.shift();
    return Promise.resolve({ done: value === undefined, value });
  };
  const cancel = () => Promise.resolve(void (cancelled += 1));
  return { ok: status < 300, status, body: { getReader: () => ({ read, cancel }) } };
}

function errorOf(status: number, code: string, data = {}): FetchResponse {
  return answer(status, utf8(JSON.stringify({ code, message: "no", data })));
}

/** Transfers over a network that answers with one after the other, the last one for ever. */
function transfer(...answers: (FetchResponse | Error | "silence")[]) {
  const fetch: Fetch = (url, request) => {
    asked.push({ url, request });
    const next = answers.length > 1 ? answers.shift() : answers[0];
    if (next instanceof Error) return Promise.reject(next);
    if (next !== "silence" && next !== undefined) return Promise.resolve(next);
    return new Promise((_, reject) => {
      request.signal.addEventListener("abort", () => {
        reject(new Error("aborted"));
      });
    });
  };
  return blobTransfer({
    ...{ origin: "http://coordinator", fetch, clock, hash: nodeHash },
    ...{ transferTimeoutMs: 60_000, attempts: 4, backoffMs: 100 },
    access: () => ({ key: "k".repeat(64), run: runId("toy") }),
  });
}

describe("blobs over HTTP", () => {
  it("[TR4] [TR6] asks by hash with the connection's key and joins the parts of the body", async () => {
    const blobs = transfer(answer(200, bytes.slice(0, 2), bytes.slice(2)));
    expect(await clock.runUntil(blobs.download(ref, never))).toEqual(bytes);
    expect(asked[0]?.url).toBe(`http://coordinator/runs/toy/blobs/${ref.hash}`);
    expect(asked[0]?.request).toMatchObject({
      method: "GET",
      redirect: "error",
      headers: { authorization: `Bearer ${"k".repeat(64)}` },
    });
  });

  it("[TR5] puts an update in its slot under its hash", async () => {
    const blobs = transfer(answer(204));
    await clock.runUntil(blobs.upload(slot, { bytes, hash: ref.hash }, never));
    expect(asked[0]?.url).toBe("http://coordinator/runs/toy/rounds/3/updates/ada");
    expect(asked[0]?.request.headers["x-fedtune-hash"]).toBe(ref.hash);
    expect(asked[0]?.request.body).toEqual(bytes);
  });

  it("[TR4] stops reading a body that is longer than announced", async () => {
    const endless = answer(200, ...Array.from({ length: 1000 }, () => bytes));
    const download = transfer(endless).download(ref, never);
    await expect(clock.runUntil(download)).rejects.toMatchObject({ code: "blob-corrupt" });
    expect(cancelled).toBeGreaterThan(0);
  });

  it.each<[string, FetchResponse | Error]>([
    ["a fault of the network", new TypeError("fetch failed")],
    ["a proxy's bad gateway", answer(502, utf8("<html>"))],
    ["a missing blob", errorOf(404, "blob-missing")],
    ["a damaged blob", answer(200, utf8("adaptor"))],
    ["a connection whose hello is on its way", errorOf(401, "unknown-client")],
    ["too many requests", errorOf(429, "rate-limited")],
    ["a full disk", errorOf(507, "storage-failed")],
  ])("[TR9] tries again after %s, with growing pauses", async (_, fault) => {
    const blobs = transfer(fault, fault, answer(200, bytes));
    expect(await clock.runUntil(blobs.download(ref, never))).toEqual(bytes);
    expect(asked).toHaveLength(3);
    expect(clock.now()).toBe(100 + 200);
  });

  it.each<[string, FetchResponse, string]>([
    ["other bytes in the slot", errorOf(409, "update-conflict"), "update-conflict"],
    ["too many bytes", errorOf(413, "update-too-large", { most: 7 }), "update-too-large"],
    ["too many bytes, says a proxy", answer(413, utf8("<html>")), "update-too-large"],
    ["an answer that nobody understands", answer(418), "internal"],
  ])("[TR9] does not repeat what is refused for good: %s", async (_, refusal, code) => {
    const upload = transfer(refusal).upload(slot, { bytes, hash: ref.hash }, never);
    await expect(clock.runUntil(upload)).rejects.toMatchObject({ code });
    expect(asked).toHaveLength(1);
  });

  it("[TR9] gives up after the last attempt with the last error", async () => {
    const download = transfer(answer(503)).download(ref, never);
    await expect(clock.runUntil(download)).rejects.toMatchObject({ code: "transport-closed" });
    expect(asked).toHaveLength(4);
  });

  it("[TR9] a silent coordinator costs one deadline per attempt", async () => {
    const blobs = transfer("silence", answer(200, bytes));
    expect(await clock.runUntil(blobs.download(ref, never))).toEqual(bytes);
    expect(clock.now()).toBe(60_000 + 100);
    const alone = transfer("silence").download(ref, never);
    await expect(clock.runUntil(alone)).rejects.toMatchObject({ code: "timeout" });
  });

  it("[TR9] an abort ends an attempt and a pause at once, and leaves no timer", async () => {
    for (const what of ["silence", new TypeError("fetch failed")] as const) {
      const abort = new AbortController();
      const download = transfer(what).download(ref, abort.signal);
      await new Promise((resolve) => setImmediate(resolve));
      abort.abort();
      await expect(download).rejects.toMatchObject({ code: "cancelled" });
      expect(clock.advance()).toBe(false);
    }
  });
});
