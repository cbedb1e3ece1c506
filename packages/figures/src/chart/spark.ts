/** A curve the size of a word: its shape, and where it is now. */
import type { ColourToken } from "../palette.ts";
import { decimate } from "./m4.ts";
import type { Numbers, Range } from "./model.ts";
import { extent } from "./scale.ts";
import { linePath } from "./path.ts";
import { px, type Scene, type Shape } from "./scene.ts";

/** Values for a sparkline. */
export interface Spark {
  /** NaN: a gap. */
  readonly values: Numbers;
  /** Their places; absent: evenly spaced. */
  readonly x?: Numbers | undefined;
  readonly colour: ColourToken;
  /** The range that fills the height; absent: that of the values. */
  readonly range?: Range | undefined;
  readonly width?: number | undefined;
  readonly height?: number | undefined;
}

/** Draws a sparkline with a dot on its last value. */
export function sparkFigure(spark: Spark): Scene {
  const { values, colour, width = 96, height = 28 } = spark;
  const x = spark.x ?? Array.from({ length: values.length }, (_, i) => i);
  const range = spark.range ?? extent(values);
  const across = extent(x);
  if (range === null || across === null) return { width, height, shapes: [] };
  const [low, high] = range;
  const toX = (i: number): number =>
    2 + (((x[i] ?? 0) - across[0]) / (across[1] - across[0] || 1)) * (width - 7);
  const toY = (i: number): number =>
    height - 4 - (((values[i] ?? 0) - low) / (high - low || 1)) * (height - 8);
  const { indices } = decimate(x, values, { range: across, columns: width });
  const last = indices.at(-1);
  const shapes: Shape[] = [
    { type: "path", d: linePath(indices, toX, toY), stroke: { colour, width: 1.5 } },
  ];
  if (last !== undefined) {
    shapes.push({ type: "circle", cx: px(toX(last)), cy: px(toY(last)), r: 2.5, fill: colour });
  }
  return { width, height, shapes };
}
