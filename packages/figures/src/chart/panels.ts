/** Drawings of one size side by side, each under its own name. */
import type { Scene, Shape } from "./scene.ts";
import { wrapText } from "./text-width.ts";

/** A panel and its name. */
export interface Panel {
  /** Empty: none. */
  readonly title: string;
  readonly scene: Scene;
}

const titleSize = 12;
const titleLine = 16;
/** Between columns, and between rows. */
const gaps = { x: 24, y: 16 } as const;

/** How wide each of some columns is. */
export const columnWidth = (width: number, columns: number): number =>
  Math.floor((width - (columns - 1) * gaps.x) / columns);

/** Drawings in rows of `columns`; a row is as high as its highest panel. */
export function panelGrid(
  panels: readonly Panel[],
  { width, columns }: { readonly width: number; readonly columns: number },
): Scene {
  const own = columnWidth(width, columns);
  const shapes: Shape[] = [];
  let y = 0;
  for (let start = 0; start < panels.length; start += columns) {
    const row = panels.slice(start, start + columns);
    const titles = row.map(({ title }) => wrapText(title, titleSize, own));
    const lines = Math.max(...titles.map((title) => title.length));
    const top = lines === 0 ? 0 : lines * titleLine + 4;
    row.forEach(({ scene }, column) => {
      const words = titles[column] ?? [];
      const texts = words.map((text, line): Shape => {
        const at = { x: 0, y: (line + 1) * titleLine - 4 };
        return { type: "text", ...at, text, fill: "ink-2", size: titleSize, weight: 600 };
      });
      const drawing: Shape = { type: "group", x: 0, y: top, shapes: scene.shapes };
      const x = column * (own + gaps.x);
      shapes.push({ type: "group", x, y, shapes: [...texts, drawing] });
    });
    y += top + Math.max(...row.map(({ scene }) => scene.height)) + gaps.y;
  }
  return { width, height: Math.max(0, y - gaps.y), shapes };
}

/** Drawings one below the other, `gap` px between those that are not empty. */
export function stacked(scenes: readonly Scene[], gap: number): Scene {
  const shapes: Shape[] = [];
  let [width, y] = [0, 0];
  for (const scene of scenes.filter(({ height }) => height > 0)) {
    if (shapes.length > 0) y += gap;
    shapes.push({ type: "group", x: 0, y, shapes: scene.shapes });
    y += scene.height;
    width = Math.max(width, scene.width);
  }
  return { width, height: y, shapes };
}
