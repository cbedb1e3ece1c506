import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  durationParts,
  formatAgo,
  formatDate,
  formatDuration,
  formatEstimate,
  formatInstant,
  formatIso,
  formatTimeOfDay,
  formatTimer,
} from "./format-time.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const plain = (text: string): string => text.replaceAll("\u202F", " ");

describe("durations in prose", () => {
  it.each([
    [0, "0 s"],
    [3.8, "3.8 ms"],
    [38, "38 ms"],
    [400, "0.4 s"],
    [9_940, "9.9 s"],
    [9_960, "10 s"],
    [38 * second, "38 s"],
    [59.6 * second, "1 min"],
    [3 * minute + 10 * second, "3 min 10 s"],
    [hour - 1, "1 h"],
    [hour + 50 * minute, "1 h 50 min"],
    [hour + 59.7 * minute, "2 h"],
    [24 * hour - second, "1 d"],
    [52 * hour, "2 d 4 h"],
  ])("%d ms is %s", (ms, text) => expect(plain(formatDuration(ms))).toBe(text));

  it("has at most two units, neither of them zero or full", () => {
    const full = { ms: 1000, s: 60, min: 60, h: 24, d: Infinity } as const;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 * 24 * hour }), (ms) => {
        const parts = durationParts(ms);
        expect(parts.length).toBeLessThanOrEqual(2);
        for (const { value, unit } of parts) {
          expect(Number(value)).toBeGreaterThan(0);
          expect(Number(value)).toBeLessThan(full[unit as keyof typeof full]);
        }
      }),
    );
  });
});

describe("durations in tables", () => {
  it.each([
    [0, "0:00"],
    [999, "0:00"],
    [38 * second, "0:38"],
    [4 * minute + 18 * second, "4:18"],
    [hour + 2 * minute + 11 * second, "1:02:11"],
    [-5 * second, "−0:05"],
  ])("%d ms is %s", (ms, text) => expect(formatTimer(ms)).toBe(text));
});

describe("estimates", () => {
  it.each([
    [400, "about 1 s"],
    [38 * second, "about 40 s"],
    [25 * minute, "about 25 min"],
    [26.4 * minute, "about 25 min"],
    [52 * minute, "about 50 min"],
    [160 * minute, "about 2 h 40 min"],
  ])("%d ms is %s", (ms, text) => expect(plain(formatEstimate(ms))).toBe(text));

  it("are off by at most a tenth", () => {
    const units = { ms: 1, s: second, min: minute, h: hour, d: 24 * hour } as const;
    fc.assert(
      fc.property(fc.integer({ min: 5 * second, max: 100 * 24 * hour }), (ms) => {
        const words = plain(formatEstimate(ms)).replace("about ", "").split(" ");
        let shown = 0;
        for (let i = 0; i < words.length; i += 2) {
          shown += Number(words[i]) * units[words[i + 1] as keyof typeof units];
        }
        expect(Math.abs(shown - ms)).toBeLessThanOrEqual(0.101 * ms);
      }),
    );
  });
});

describe("instants", () => {
  const at = Date.UTC(2026, 10, 20, 13, 6, 18);
  const style = { timeZone: "Europe/Zurich", nowMs: Date.UTC(2026, 10, 20, 20) };

  it("show the time today, the day before, and the year in other years", () => {
    expect(formatInstant(at, style)).toBe("14:06:18");
    expect(formatInstant(at, { ...style, nowMs: Date.UTC(2026, 10, 21, 13) })).toBe("20 Nov 14:06");
    expect(formatInstant(at, { ...style, nowMs: Date.UTC(2027, 0, 3) })).toBe("20 Nov 2026 14:06");
  });

  it("today is today in the page's zone", () => {
    const late = Date.UTC(2026, 10, 20, 23, 30);
    expect(formatInstant(late, style)).toBe("21 Nov 00:30");
    expect(formatInstant(late, { ...style, timeZone: "UTC" })).toBe("23:30:00");
  });

  it("say date, time and the exact instant", () => {
    expect(formatDate(Date.UTC(2026, 8, 3), "UTC")).toBe("3 Sep 2026");
    expect(formatTimeOfDay(at, "UTC")).toBe("13:06:18");
    expect(formatIso(at)).toBe("2026-11-20T13:06:18Z");
  });

  it.each([
    [200, "now"],
    [1_400, "1 s ago"],
    [31 * second, "31 s ago"],
    [3.9 * minute, "3 min ago"],
    [25 * hour, "1 d ago"],
  ])("%d ms ago is %s", (ms, text) => expect(plain(formatAgo(ms))).toBe(text));
});
