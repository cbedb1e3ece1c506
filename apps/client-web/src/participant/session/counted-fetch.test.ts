import type { FetchRequest, FetchResponse } from "@fedtune/client";
import { describe, expect, it } from "vitest";
import type { Transfer } from "../session-report.ts";
import { countedFetch } from "./counted-fetch.ts";
import type { Happening } from "./happenings.ts";
import { noSightings } from "./observer.ts";

const origin = "https://fed.example";
const request = (method: "GET" | "PUT", bytes = 0): FetchRequest => ({
  ...{ method, headers: {}, redirect: "error", signal: new AbortController().signal },
  ...(bytes === 0 ? {} : { body: new Uint8Array(bytes) }),
});

/** A body of pieces; an error as a piece breaks it. */
function answer(...pieces: readonly (number | Error)[]): FetchResponse {
  const left = [...pieces];
  return {
    ...{ ok: true, status: 200 },
    body: {
      getReader: () => ({
        read() {
          const piece = left.shift();
          if (piece instanceof Error) return Promise.reject(piece);
          if (piece === undefined) return Promise.resolve({ done: true });
          return Promise.resolve({ done: false, value: new Uint8Array(piece) });
        },
        cancel: () => Promise.resolve(),
      }),
    },
  };
}

async function fetchAll(inner: () => Promise<FetchResponse>, path: string, asked: FetchRequest) {
  const told: Transfer[] = [];
  let clock = 1_000;
  const observer = {
    now: () => (clock += 500),
    tell(happening: Happening) {
      if (happening.type === "transfer") told.push(happening.transfer);
    },
  };
  const sightings = { ...noSightings(), round: 7 };
  const counted = countedFetch(observer, sightings, inner);
  try {
    const response = await counted(origin + path, asked);
    const reader = response.body?.getReader();
    while ((await reader?.read())?.done === false);
  } catch {
    // What was told is what counts here.
  }
  return told;
}

describe("counted fetches", () => {
  it("[RE15] an upload is its body, under the round of its address", async () => {
    const told = await fetchAll(
      () => Promise.resolve(answer()),
      "/runs/triage/rounds/12/updates/tab-1",
      request("PUT", 148),
    );
    expect(told).toEqual([
      {
        ...{ at: 2_000, direction: "up", what: "update", round: 12, bytes: 148, seconds: 0.5 },
        isComplete: true,
      },
    ]);
  });

  it("[RE15] an upload whose answer did not come may have travelled, and says that it is not sure", async () => {
    const told = await fetchAll(
      () => Promise.reject(new Error("cut")),
      "/runs/triage/rounds/12/updates/tab-1",
      request("PUT", 148),
    );
    expect(told).toMatchObject([{ bytes: 148, isComplete: false }]);
  });

  it("[RE15] a download is what came, also when it broke off", async () => {
    const path = `/runs/triage/blobs/${"a".repeat(64)}`;
    const whole = await fetchAll(() => Promise.resolve(answer(60, 40)), path, request("GET"));
    expect(whole).toMatchObject([
      { direction: "down", what: "joint-result", round: 7, bytes: 100, isComplete: true },
    ]);
    const broken = await fetchAll(
      () => Promise.resolve(answer(60, new Error("cut"))),
      path,
      request("GET"),
    );
    expect(broken).toMatchObject([{ bytes: 60, isComplete: false }]);
  });

  it("lists nothing of other requests", async () => {
    const told = await fetchAll(
      () => Promise.resolve(answer(10)),
      "/api/v1/runs/triage/invitation",
      request("GET"),
    );
    expect(told).toEqual([]);
  });
});
