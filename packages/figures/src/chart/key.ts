/** What the lines of several panels are, once for all of them: a stroke as it is drawn, and its name. */
import type { SeriesStyle } from "../palette.ts";
import { baselineShift, straight, type Scene, type Shape } from "./scene.ts";
import { textWidth } from "./text-width.ts";

/** A line's name. */
export interface KeyEntry {
  readonly label: string;
  readonly style: SeriesStyle;
}

const stroke = 26;
const gap = 20;
const rowHeight = 20;
const size = 12;

/** Draws names in rows no wider than `width` px, each whole; a longer one has a row of its own. */
export function keyScene(entries: readonly KeyEntry[], width: number): Scene {
  let [x, row] = [0, 0];
  const shapes = entries.flatMap(({ label, style }): Shape[] => {
    const own = stroke + 6 + Math.ceil(textWidth(label, size));
    if (x > 0 && x + own > width) [x, row] = [0, row + 1];
    const left = x;
    x += own + gap;
    const middle = row * rowHeight + rowHeight / 2;
    const y = middle + baselineShift * size;
    const line = { colour: style.colour, width: style.width, dash: style.dash };
    return [
      straight([left, middle], [left + stroke, middle], line),
      { type: "text", x: left + stroke + 6, y, text: label, fill: "ink", size, weight: 500 },
    ];
  });
  return { width, height: entries.length === 0 ? 0 : (row + 1) * rowHeight, shapes };
}
