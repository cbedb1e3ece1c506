import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isFedtuneError } from "../errors.ts";
import {
  encodeMessage,
  maxMessageLength,
  parseClientMessage,
  parseServerMessage,
} from "./messages.ts";
import type { ClientMessage } from "./messages.ts";

const hash = "a".repeat(64);

const samples = [
  { type: "hello", protocol: 1, run: null, client: "ward-3", software: "test" },
  {
    ...{ type: "hello", protocol: 1, run: "toy", client: "ward-3", software: "test" },
    device: { backend: "webgpu", platform: "Chromium 156", threads: 8 },
  },
  { type: "progress", run: "toy", round: 4, attempt: 1, done: 0.25 },
  { type: "join", run: "toy", layoutHash: hash, holds: { round: 3, hash }, pending: null },
  { type: "taken", run: "toy", round: 4, attempt: 1, holds: null },
  {
    type: "declined",
    run: "toy",
    round: 4,
    attempt: 1,
    code: "training-failed",
    message: "out of memory",
  },
  {
    type: "update",
    run: "toy",
    round: 4,
    blob: { hash, bytes: 400 },
    examples: 12,
    metrics: { loss: 0.5 },
  },
  {
    type: "evaluated",
    run: "toy",
    round: 4,
    holds: { round: 4, hash },
    result: { examples: 7, metrics: { accuracy: 0.5 } },
    code: null,
  },
  {
    type: "evaluated",
    run: "toy",
    round: 4,
    holds: null,
    result: null,
    code: "data-invalid",
  },
  { type: "leave", run: "toy" },
] as unknown as ClientMessage[];

describe("control messages", () => {
  it.each(samples)("[TR3] $type survives being written and read", (message) => {
    expect(parseClientMessage(encodeMessage(message))).toEqual(message);
  });

  it("[TR1] a hello of another protocol is told apart from a broken message", () => {
    const hello = JSON.stringify({ type: "hello", protocol: 2, anything: "else" });
    expect(() => parseClientMessage(hello)).toThrow(
      expect.objectContaining({ code: "protocol-version" }) as Error,
    );
  });

  it.each([
    ["no JSON", "{"],
    ["another type", JSON.stringify({ type: "order" })],
    ["an unknown key", JSON.stringify({ type: "leave", run: "toy", extra: 1 })],
    [
      "an infinite metric",
      '{"type":"update","run":"toy","round":1,"blob":{"hash":"' +
        hash +
        '","bytes":4},"examples":1,"metrics":{"loss":1e999}}',
    ],
    [
      "a negative round",
      JSON.stringify({ type: "taken", run: "toy", round: -1, attempt: 1, holds: null }),
    ],
    [
      "a path as client",
      JSON.stringify({ type: "hello", protocol: 1, run: null, client: "../etc", software: "" }),
    ],
    ["too much text", '"' + "x".repeat(maxMessageLength) + '"'],
  ])("[TR2] %s is message-invalid", (_what, text) => {
    expect(() => parseClientMessage(text)).toThrow(
      expect.objectContaining({ code: "message-invalid" }) as Error,
    );
  });

  it("[TR2] mutated messages parse or throw a FedtuneError, nothing else", () => {
    const mutated = fc
      .tuple(
        fc.constantFrom(...samples.map(encodeMessage)),
        fc.nat(300),
        fc.string({ maxLength: 4 }),
        fc.nat(3),
      )
      .map(
        ([text, at, insert, drop]) =>
          text.slice(0, at % text.length) + insert + text.slice((at % text.length) + drop),
      );
    fc.assert(
      fc.property(mutated, (text) => {
        for (const parse of [parseClientMessage, parseServerMessage]) {
          try {
            parse(text);
          } catch (error) {
            expect(isFedtuneError(error)).toBe(true);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
