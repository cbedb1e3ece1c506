import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plainText } from "../text.ts";
import type { Axis, Range } from "./model.ts";
import {
  extent,
  growRange,
  sidewaysRange,
  sidewaysScale,
  upwardRange,
  upwardScale,
} from "./scale.ts";

const px = { top: 10, bottom: 190 };
const texts = (axis: Axis, data: Range | null): string[] =>
  upwardScale(axis, upwardRange(axis, data), px).ticks.map(({ text }) => plainText(text));

describe("upward axes", () => {
  it.each<[string, Axis, Range, string[]]>([
    [
      "accuracy stands on a round number below, at most 100",
      { kind: "fraction", name: "a", includes: [1] },
      [0.33, 0.87],
      ["20", "40", "60", "80", "100"],
    ],
    [
      "loss stands on 0",
      { kind: "loss", name: "l" },
      [0.5, 2.3],
      ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"],
    ],
    [
      "bytes are shown in one unit",
      { kind: "bytes", name: "b" },
      [2e6, 135e6],
      ["0", "50", "100", "150"],
    ],
    [
      "times are round in their own unit",
      { kind: "duration", name: "t" },
      [0, 13 * 60_000],
      ["0", "5", "10", "15"],
    ],
    [
      "both ends may be given",
      { kind: "fraction", name: "a", from: 0.45, to: 0.9 },
      [0.3, 0.87],
      ["50", "60", "70", "80", "90"],
    ],
    [
      "log axes end at 1, 2 or 5",
      { kind: "loss", name: "l", scale: "log" },
      [0.45, 2.4],
      ["0.2", "0.5", "1", "2", "5"],
    ],
    [
      "many decades have their powers",
      { kind: "number", name: "n", scale: "log" },
      [0.002, 700],
      ["0.001", "0.01", "0.1", "1", "10", "100", "1,000"],
    ],
    ["counts have no halves", { kind: "count", name: "c" }, [0, 2], ["0", "1", "2"]],
  ])("%s", (_, axis, data, wanted) => expect(texts(axis, data)).toEqual(wanted));

  it("have ticks that can be told apart where the data hardly differ", () => {
    const axis: Axis = { kind: "fraction", name: "y", scale: "linear" };
    for (const span of [1e-22, 1e-13, 1e-12]) {
      const { ticks } = upwardScale(axis, upwardRange(axis, [1e-6, 1e-6 + span]), px);
      expect(new Set(ticks.map(({ text }) => plainText(text))).size).toBe(ticks.length);
    }
  });

  it("have two to seven ticks with texts of their own, and room for all data", () => {
    const kinds = fc.constantFrom(
      "fraction",
      "loss",
      "bytes",
      "duration",
      "epsilon",
      "number",
      "ratio",
    );
    const data = fc.tuple(
      fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
      fc.double({ min: 0, max: 1e9, noNaN: true }),
    );
    fc.assert(
      fc.property(kinds, data, fc.boolean(), (kind, [low, span], isLog) => {
        const axis: Axis = {
          kind: kind,
          name: "y",
          scale: isLog ? "log" : "linear",
        };
        const range = upwardRange(axis, [low, low + span]);
        const { ticks, toPx } = upwardScale(axis, range, px);
        if (!(axis.kind === "fraction" && low + span > 1)) {
          expect(range[0]).toBeLessThanOrEqual(low * (1 + 1e-11));
          expect(range[1]).toBeGreaterThanOrEqual((low + span) * (1 - 1e-12));
        }
        expect(ticks.length).toBeGreaterThanOrEqual(2);
        expect(ticks.length).toBeLessThanOrEqual(isLog ? 11 : 6);
        expect(new Set(ticks.map(({ text }) => plainText(text))).size).toBe(ticks.length);
        expect(toPx(range[0])).toBeCloseTo(px.bottom, 6);
        expect(toPx(range[1])).toBeCloseTo(px.top, 6);
      }),
    );
  });

  it("have a range before there are data", () => {
    expect(upwardRange({ kind: "loss", name: "l" }, null)).toEqual([0, 1]);
    expect(upwardRange({ kind: "loss", name: "l", scale: "log" }, null)).toEqual([0.1, 1]);
  });

  it("give a single value room", () => {
    const [low, high] = upwardRange({ kind: "fraction", name: "a" }, [0.5, 0.5]);
    expect(low).toBeLessThan(0.5);
    expect(high).toBeGreaterThan(0.5);
  });
});

describe("sideways axes", () => {
  const span = { left: 40, right: 540 };

  it("rounds start at the first round and say so", () => {
    const axis = { kind: "round", name: "round" } as const;
    const { ticks } = sidewaysScale(axis, [1, 27], span);
    expect(ticks.map(({ text }) => plainText(text))).toEqual([
      "round 1",
      "5",
      "10",
      "15",
      "20",
      "25",
    ]);
  });

  it("other axes say their unit on the last tick", () => {
    const axis = { kind: "bytes", name: "sent" } as const;
    const { ticks } = sidewaysScale(axis, [0, 12.5e6], span);
    expect(ticks.map(({ text }) => plainText(text).replace("\u202F", " "))).toEqual([
      "0",
      "2",
      "4",
      "6",
      "8",
      "10",
      "12 MB",
    ]);
  });

  it("a known length is shown in full, and one round is a range", () => {
    expect(sidewaysRange({ kind: "round", name: "round", includes: [1, 40] }, [1, 27])).toEqual([
      1, 40,
    ]);
    expect(sidewaysRange({ kind: "round", name: "round" }, [1, 1])).toEqual([1, 2]);
    expect(sidewaysRange({ kind: "round", name: "round" }, null)).toEqual([1, 10]);
    expect(sidewaysRange({ kind: "bytes", name: "sent" }, [5, 9])).toEqual([0, 9]);
  });
});

it("the extent leaves out what cannot be drawn", () => {
  expect(extent([NaN, 3, -Infinity, -2, Infinity])).toEqual([-2, 3]);
  expect(extent([0, -2, 3], { isLog: true })).toEqual([3, 3]);
  expect(extent([9, 1, 2, 9], { part: [1, 3] })).toEqual([1, 2]);
  expect(extent([NaN])).toBeNull();
});

it("a live range only grows", () => {
  expect(growRange(null, [1, 2])).toEqual([1, 2]);
  expect(growRange([1, 4], [2, 3])).toEqual([1, 4]);
  expect(growRange([1, 4], [0, 5])).toEqual([0, 5]);
});
