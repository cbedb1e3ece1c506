/** A drawing as plain shapes: pages draw it as SVG elements, files as SVG text, images on a canvas. */
import type { ColourToken } from "../palette.ts";
import type { Text } from "../text.ts";
import type { Box } from "./model.ts";

/** How a line is drawn. */
export interface Stroke {
  readonly colour: ColourToken;
  /** In px. */
  readonly width: number;
  /** Strokes and gaps in px; empty: solid. */
  readonly dash?: readonly number[];
}

interface Painted {
  readonly fill?: ColourToken | undefined;
  readonly stroke?: Stroke | undefined;
  /** 0 to 1; of fill and stroke. */
  readonly opacity?: number | undefined;
}

/** An SVG path. */
export interface PathShape extends Painted {
  readonly type: "path";
  readonly d: string;
}

/** A rectangle, its corners rounded by `radius` px. */
export interface RectShape extends Painted, Box {
  readonly type: "rect";
  readonly radius?: number | undefined;
}

/** A circle. */
export interface CircleShape extends Painted {
  readonly type: "circle";
  readonly cx: number;
  readonly cy: number;
  readonly r: number;
}

/** One line of text; `y` is the baseline. */
export interface TextShape {
  readonly type: "text";
  readonly x: number;
  readonly y: number;
  readonly text: Text;
  readonly fill: ColourToken;
  /** In px; default 12. */
  readonly size?: number | undefined;
  readonly weight?: 400 | 500 | 600 | undefined;
  readonly anchor?: "start" | "middle" | "end" | undefined;
}

/** Shapes of which only what lies inside of a box is seen. */
export interface ClipShape {
  readonly type: "clip";
  readonly box: Box;
  readonly shapes: readonly Shape[];
}

/** Shapes moved to the right and down by so many px. */
export interface GroupShape {
  readonly type: "group";
  readonly x: number;
  readonly y: number;
  readonly shapes: readonly Shape[];
}

/** Anything that is drawn; later shapes lie over earlier ones. */
export type Shape = PathShape | RectShape | CircleShape | TextShape | ClipShape | GroupShape;

/** A drawing of so many px. */
export interface Scene {
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly Shape[];
}

/** Below the middle of a line of text so much of its size is the baseline. */
export const baselineShift = 0.35;

/** Digits after the point in coordinates: a tenth of a px is finer than any screen. */
export const px = (value: number): number => Math.round(value * 10) / 10;

/** A straight line as a shape. */
export const straight = (
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  stroke: Stroke,
): PathShape => ({ type: "path", d: `M${px(x1)},${px(y1)}L${px(x2)},${px(y2)}`, stroke });

/** Diagonal strokes inside of a box, for what is planned or compared with: no pattern, so that it is the same everywhere. */
export function hatch(box: Box, colour: ColourToken, step = 5): PathShape {
  const { x, y, width, height } = box;
  let d = "";
  for (let offset = step / 2; offset < width + height; offset += step) {
    // From the lower left to the upper right, cut at the edges.
    const [x1, y1] = offset < height ? [x, y + offset] : [x + offset - height, y + height];
    const [x2, y2] = offset < width ? [x + offset, y] : [x + width, y + offset - width];
    d += `M${px(x1)},${px(y1)}L${px(x2)},${px(y2)}`;
  }
  return { type: "path", d, stroke: { colour, width: 1.6 } };
}
