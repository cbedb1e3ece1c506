import { FedtuneError, utf8 } from "@fedtune/core";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eventText, keepAlive, readEvents } from "./event-stream.ts";
import type { WireEvent } from "./event-stream.ts";
import type { BodyReader } from "./platform.ts";

/** A body that comes in the given pieces. */
function bodyOf(pieces: readonly Uint8Array[]): BodyReader {
  const left = [...pieces];
  return {
    read: () => {
      const value = left.shift();
      return Promise.resolve(value === undefined ? { done: true } : { done: false, value });
    },
    cancel: () => Promise.resolve(),
  };
}

async function all(pieces: readonly Uint8Array[]): Promise<WireEvent[]> {
  const events: WireEvent[] = [];
  for await (const event of readEvents(bodyOf(pieces), () => undefined)) events.push(event);
  return events;
}

const anyEvent = fc.record({
  type: fc.constantFrom("message", "end"),
  id: fc.option(fc.stringMatching(/^[a-z0-9-]{1,12}$/), { nil: null }),
  data: fc.jsonValue().map((value) => JSON.stringify(value)),
});

describe("events on the wire", () => {
  it("[AP4] come out as they went in, wherever the bytes are cut", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyEvent, { maxLength: 5 }),
        fc.array(fc.nat(300), { maxLength: 6 }),
        async (events, cuts) => {
          const bytes = utf8(events.map((event) => keepAlive + eventText(event)).join(""));
          const at = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length];
          at.sort((a, b) => a - b);
          const pieces = at.slice(1).map((end, k) => bytes.slice(at[k], end));
          expect(await all(pieces)).toEqual(events);
        },
      ),
    );
  });

  it("[AP4] leave out an event that was not sent to its end", async () => {
    const bytes = utf8(eventText({ type: "message", id: "a-1", data: "{}" }));
    expect(await all([bytes.slice(0, -1)])).toEqual([]);
  });

  it("refuses bytes that are no UTF-8", async () => {
    await expect(all([Uint8Array.of(0xff, 0x0a)])).rejects.toThrow(FedtuneError);
  });
});
