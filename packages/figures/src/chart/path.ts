/**
 * SVG paths of straight lines. Of a long chart tens of thousands of points become text, so numbers are written in tenths of a
 * px and each text is made once: four times faster here than a general path writer.
 */
import { gap, runsOf, type KeptBand } from "./m4.ts";

const texts: string[] = [];
const mostTexts = 1 << 16;

/** A coordinate to a tenth of a px. */
function tenths(value: number): string {
  const count = Math.round(value * 10);
  if (count < 0 || count >= mostTexts) return String(count / 10);
  return (texts[count] ??= String(count / 10));
}

/** From an index to px. */
export type Place = (index: number) => number;

/** A line through places by index; `gap` breaks it, and a lone place is a dot of the line's width. */
export function linePath(indices: Int32Array, x: Place, y: Place): string {
  let d = "";
  let isStart = true;
  for (const index of indices) {
    if (index === gap) isStart = true;
    else {
      d += `${isStart ? "M" : "L"}${tenths(x(index))},${tenths(y(index))}`;
      isStart = false;
    }
  }
  return d;
}

/** The outline of a band: along its upper edge and back along the lower one, anew after each gap. */
export function bandPath({ x, low, high }: KeptBand, toX: Place, toY: Place): string {
  const indices = Int32Array.from(x, (at, i) => (Number.isNaN(at) ? gap : i));
  let d = "";
  for (const run of runsOf(indices)) {
    const placeX = (i: number): number => toX(x[i] ?? 0);
    d += linePath(run, placeX, (i) => toY(high[i] ?? 0));
    const back = linePath(run.toReversed(), placeX, (i) => toY(low[i] ?? 0));
    d += `L${back.slice(1)}Z`;
  }
  return d;
}
