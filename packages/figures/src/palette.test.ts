import { describe, expect, it } from "vitest";
import { heatColours, palettes, seriesColours, seriesStyle, type ColourToken } from "./palette.ts";
import {
  closestPair,
  contrast,
  deltaE2000,
  labOf,
  sights,
  type Sight,
} from "./test-support/colour-sight.ts";

const grounds = ["page", "surface", "sunken"] as const;
const texts = ["ink", "ink-2", "ink-3", "accent", "ok", "wait", "bad", "idle", "privacy"] as const;
const tones = ["accent", "ok", "wait", "bad", "idle", "privacy"] as const;
const themes = ["light", "dark"] as const;
const everySight = Object.keys(sights) as Sight[];

describe("the measures", () => {
  // Sharma, Wu and Dalal 2005, table 1: pairs 1, 4, 7, 9, 16, 17, 20, 25 and 33.
  it.each([
    [[50, 2.6772, -79.7751], [50, 0, -82.7485], 2.0425],
    [[50, -1.3802, -84.2814], [50, 0, -82.7485], 1.0],
    [[50, 0, 0], [50, -1, 2], 2.3669],
    [[50, 2.49, -0.001], [50, -2.49, 0.0009], 7.1792],
    [[50, 2.5, 0], [50, 0, -2.5], 4.3065],
    [[50, 2.5, 0], [73, 25, -18], 27.1492],
    [[50, 2.5, 0], [58, 24, 15], 19.4535],
    [[60.2574, -34.0099, 36.2677], [60.4626, -34.1751, 39.4387], 1.2644],
    [[6.7747, -0.2908, -2.4247], [5.8714, -0.0985, -2.2286], 0.6377],
  ] as const)("CIEDE2000 of %j and %j is %d", (one, other, distance) => {
    expect(deltaE2000(one, other)).toBeCloseTo(distance, 4);
    expect(deltaE2000(other, one)).toBeCloseTo(distance, 4);
  });

  it("contrast is 21 between black and white, 1 with itself", () => {
    expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 10);
    expect(contrast("#123456", "#123456")).toBe(1);
  });

  it("L*a*b* of white and red is what sRGB says", () => {
    expect(labOf("#ffffff").map((v) => Math.round(v * 100) / 100 + 0)).toEqual([100, 0, 0]);
    const [l, a, b] = labOf("#ff0000");
    expect([l, a, b].map(Math.round)).toEqual([53, 80, 67]);
  });

  it("white stays white for everybody", () => {
    for (const sight of everySight) expect(labOf("#ffffff", sight)[0]).toBeCloseTo(100, 3);
  });
});

describe.each(themes)("the %s theme", (theme) => {
  const palette = palettes[theme];
  const ratio = (one: ColourToken, other: ColourToken): number =>
    contrast(palette[one], palette[other]);

  it.each(texts)("%s reads on every ground", (text) => {
    for (const ground of grounds) expect(ratio(text, ground)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(tones)("%s reads on its own soft ground", (tone) => {
    expect(ratio(tone, `${tone}-soft`)).toBeGreaterThanOrEqual(4.5);
  });

  it("a solid button reads", () => expect(ratio("page", "ink")).toBeGreaterThanOrEqual(7));

  it.each([...seriesColours, "line-strong", "wall"] as const)("%s can be seen", (colour) => {
    for (const ground of ["page", "surface"] as const) {
      expect(ratio(colour, ground)).toBeGreaterThanOrEqual(3);
    }
  });

  it.each(everySight)("series are told apart by %s sight", (sight) => {
    const colours = seriesColours.map((token) => palette[token]);
    expect(closestPair(colours, sight)).toBeGreaterThanOrEqual(9.5);
    expect(closestPair(colours.slice(0, 4), sight)).toBeGreaterThanOrEqual(15);
  });

  it.each(everySight)("states are told apart by %s sight", (sight) => {
    const colours = (["accent", "ok", "wait", "bad", "privacy"] as const).map((t) => palette[t]);
    expect(closestPair(colours, sight)).toBeGreaterThanOrEqual(9.5);
  });

  it("the heat map's steps rise away from the ground, each of them visibly", () => {
    const ratios = heatColours.map((token) => ratio(token, "surface"));
    for (let i = 1; i < ratios.length; i++) {
      expect(ratios[i]! / ratios[i - 1]!).toBeGreaterThan(1.12);
    }
  });
});

it("series differ in colour and dash, and beyond eight have no colour", () => {
  const looks = seriesColours.map((_, i) => seriesStyle(i));
  expect(new Set(looks.map((look) => look.colour)).size).toBe(8);
  expect(new Set(looks.map((look) => `${look.dash.join()} ${look.width}`)).size).toBe(8);
  expect(seriesStyle(8)).toEqual({ colour: "line-strong", dash: [], width: 1 });
});
