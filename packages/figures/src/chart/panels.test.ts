import { describe, expect, it } from "vitest";
import { seriesStyle } from "../palette.ts";
import { plainText } from "../text.ts";
import { keyScene } from "./key.ts";
import { columnWidth, panelGrid, stacked } from "./panels.ts";
import type { GroupShape, Scene } from "./scene.ts";

const scene = (width: number, height: number): Scene => ({ width, height, shapes: [] });
const groups = ({ shapes }: Scene): GroupShape[] =>
  shapes.filter((shape) => shape.type === "group");

describe("panels", () => {
  it("stand in rows; a row is as high as its highest panel and their titles", () => {
    const panels = [30, 50, 20].map((height) => ({ title: "a", scene: scene(100, height) }));
    const grid = panelGrid(panels, { width: 300, columns: 2 });
    const places = groups(grid).map(({ x, y }) => [x, y]);
    const right = columnWidth(300, 2) + 24;
    expect(places).toEqual([
      [0, 0],
      [right, 0],
      [0, 16 + 4 + 50 + 16],
    ]);
    expect(grid.height).toBe(86 + 20 + 20);
  });

  it("break long titles instead of cutting them", () => {
    const title = "privacy.epsilon 3, simulation.partition.alpha 0.5";
    const [panel] = groups(
      panelGrid([{ title, scene: scene(100, 30) }], { width: 130, columns: 1 }),
    );
    const texts = panel!.shapes.flatMap((shape) =>
      shape.type === "text" ? [plainText(shape.text)] : [],
    );
    expect(texts.length).toBeGreaterThan(1);
    expect(texts.join(" ")).toBe(title);
  });

  it("stack without gaps for what is empty", () => {
    expect(stacked([scene(10, 0), scene(20, 5), scene(30, 7)], 4)).toMatchObject({
      width: 30,
      height: 16,
    });
  });
});

describe("key", () => {
  it("has a stroke as the line is drawn and a whole name for each, in rows that fit", () => {
    const entries = ["fedavg", "ffa-lora", "fedsa-lora"].map((label, index) => {
      return { label, style: seriesStyle(index) };
    });
    const { shapes, height } = keyScene(entries, 200);
    const names = shapes.flatMap((shape) => (shape.type === "text" ? [shape.text] : []));
    expect(names).toEqual(["fedavg", "ffa-lora", "fedsa-lora"]);
    const dashes = shapes.flatMap((shape) => (shape.type === "path" ? [shape.stroke?.dash] : []));
    expect(dashes).toEqual(entries.map(({ style }) => style.dash));
    expect(height).toBe(40);
    expect(keyScene([], 200).height).toBe(0);
  });
});
