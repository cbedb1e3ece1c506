import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { palettes } from "../palette.ts";
import { elementsOf, parseXml, textOf, type XmlElement } from "../test-support/parse-xml.ts";
import {
  sampleAccuracy,
  sampleBytes,
  sampleCompare,
  sampleLayers,
  sampleLoss,
  samplePrivacy,
} from "../test-support/sample-run.ts";
import { heatFigure } from "./heat.ts";
import { lineFigure } from "./line-figure.ts";
import type { LineChart } from "./model.ts";
import type { Scene } from "./scene.ts";
import { sheetScene } from "./sheet.ts";
import { svgText } from "./svg-text.ts";
import { textWidth } from "./text-width.ts";

const provenance = {
  run: "message-triage",
  configHash: "b41f000009c2",
  at: "2026-11-20T13:06:18Z",
};
const sheetOf = (chart: LineChart): Scene =>
  sheetScene(lineFigure(chart, { width: 640, height: 240 }), { ...chart, provenance });

const sheets: Readonly<Record<string, Scene>> = {
  accuracy: sheetOf(sampleAccuracy()),
  loss: sheetOf(sampleLoss()),
  "loss-log": sheetOf({ ...sampleLoss(), y: { ...sampleLoss().y, scale: "log" } }),
  bytes: sheetOf(sampleBytes()),
  privacy: sheetOf(samplePrivacy()),
  compare: sheetOf(sampleCompare()),
  layers: sheetScene(heatFigure(sampleLayers(), 600), { ...sampleLayers(), provenance }),
};

const numberPattern = /-?\d+(\.\d+)?/g;

/** Two drawings are the same if their structure is, and every number to a tenth of a px and a rounding. */
function expectSame(one: XmlElement, other: XmlElement): void {
  expect(one.name).toBe(other.name);
  expect(Object.keys(one.attributes)).toEqual(Object.keys(other.attributes));
  for (const [key, value] of Object.entries(one.attributes)) {
    const wanted = other.attributes[key] ?? "";
    expect(value.replace(numberPattern, "#")).toBe(wanted.replace(numberPattern, "#"));
    if (value.startsWith("#")) expect(value).toBe(wanted);
    else {
      const [own, theirs] = [value, wanted].map((text) =>
        (text.match(numberPattern) ?? []).map(Number),
      );
      own!.forEach((number, i) => expect(Math.abs(number - theirs![i]!)).toBeLessThan(0.11));
    }
  }
  expect(one.children.length).toBe(other.children.length);
  one.children.forEach((child, i) => {
    const wanted = other.children[i]!;
    if (typeof child === "string" || typeof wanted === "string") expect(child).toBe(wanted);
    else expectSame(child, wanted);
  });
}

/** Drawn by this code and looked at; `UPDATE_FIGURES=1` draws them anew, after a change that is meant. */
const golden = join(import.meta.dirname, "golden");

describe.each(Object.entries(sheets))("%s as SVG text", (name, scene) => {
  const text = svgText(scene, { title: name, description: "a drawing" });
  const root = parseXml(text);
  const all = [...elementsOf(root)];

  it("is the drawing that was looked at", () => {
    const path = join(golden, `${name}.svg`);
    if (process.env["UPDATE_FIGURES"] === "1") {
      mkdirSync(golden, { recursive: true });
      writeFileSync(path, `${text}\n`);
    }
    expect(existsSync(path)).toBe(true);
    expectSame(root, parseXml(readFileSync(path, "utf8").trim()));
  });

  it("is a file of its own: no style, no script, no address, only colours of the light theme", () => {
    expect(new Set(all.map((element) => element.name))).not.toContain("script");
    const allowed = new Set([
      "svg",
      "g",
      "path",
      "rect",
      "circle",
      "text",
      "tspan",
      "title",
      "desc",
    ]);
    for (const element of all) {
      expect(allowed.has(element.name)).toBe(true);
      for (const [key, value] of Object.entries(element.attributes)) {
        expect(key).not.toMatch(/^(on|style$|href|class$)/);
        if (key !== "xmlns") expect(value).not.toMatch(/url\(|https?:|var\(/);
        if (value.startsWith("#")) expect(Object.values(palettes.light)).toContain(value);
      }
    }
  });

  it("has no number that is not one, and its words lie inside", () => {
    expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
    const width = Number(root.attributes["width"]);
    for (const element of all.filter((one) => one.name === "text")) {
      const x = Number(element.attributes["x"]);
      const size = Number(element.attributes["font-size"] ?? 12);
      const wide = textWidth(textOf(element), size);
      const left = element.attributes["text-anchor"] === "end" ? x - wide : x;
      expect(left).toBeGreaterThanOrEqual(-10);
      if (element.attributes["text-anchor"] === undefined)
        expect(x + wide).toBeLessThanOrEqual(width + 20);
    }
  });

  it("says where it comes from", () => {
    const words = all
      .filter((one) => one.name === "text")
      .map(textOf)
      .join(" ");
    expect(words).toContain("Run message-triage, config b41f…09c2, 2026-11-20T13:06:18Z");
  });
});

describe("text in drawings", () => {
  const withText = (text: string): XmlElement =>
    parseXml(
      svgText(
        { width: 10, height: 10, shapes: [{ type: "text", x: 0, y: 0, text, fill: "ink" }] },
        { title: text },
      ),
    );

  it.each([
    ['<script>alert("1")</script>', '<script>alert("1")</script>'],
    ["a & b", "a & b"],
    ["\u0000\u0008x\uFFFF\ty", "x\ty"],
    ['" onload="x', '" onload="x'],
    ["]]>", "]]>"],
    ["𝜎 = 0.62", "𝜎 = 0.62"],
  ])("%j is words and nothing else", (text, wanted) => {
    const root = withText(text);
    const all = [...elementsOf(root)].map(({ name }) => name);
    expect(all).toEqual(["svg", "title", "rect", "text"]);
    expect(textOf(root.children[2]!)).toBe(wanted);
  });

  it("raised parts stand higher, and what follows is back on the line", () => {
    const text = ["10", { raised: "−5" }, " in all"];
    const root = parseXml(
      svgText({
        width: 10,
        height: 10,
        shapes: [{ type: "text", x: 0, y: 0, text, fill: "ink", size: 10 }],
      }),
    );
    const [raised, after] = [...elementsOf(root)].filter(({ name }) => name === "tspan");
    expect(Number(raised!.attributes["dy"]) + Number(after!.attributes["dy"])).toBe(0);
    expect(Number(raised!.attributes["dy"])).toBeLessThan(0);
  });
});

it("a drawing has the dark theme's colours where they are asked for", () => {
  const root = parseXml(svgText(sheets["accuracy"]!, { palette: palettes.dark }));
  const fills = [...elementsOf(root)].map(({ attributes }) => attributes["fill"]);
  expect(fills).toContain(palettes.dark.surface);
  expect(fills).not.toContain(palettes.light.surface);
});
