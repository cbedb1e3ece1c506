/** A heat map, layers by rounds, in seven steps of equal ratio. */
import { commonExponent, formatScientific } from "../format.ts";
import { heatColours } from "../palette.ts";
import { plainText, type Text } from "../text.ts";
import type { Numbers } from "./model.ts";
import { extent, sidewaysScale } from "./scale.ts";
import { px, type Scene, type Shape } from "./scene.ts";
import { textWidth } from "./text-width.ts";

/** A row of a heat map. */
export interface HeatRow {
  readonly label: string;
  /** One for each column; NaN: no value. */
  readonly values: Numbers;
}

/** Positive values by row and round. */
export interface HeatChart {
  readonly title: string;
  readonly subtitle?: Text | undefined;
  /** Drawn from the top in this order. */
  readonly rows: readonly HeatRow[];
  /** The first column's round; the others follow. */
  readonly firstRound: number;
  /** "Whole adapter now" with its value, below. */
  readonly total?: { readonly label: string; readonly value: number } | undefined;
  readonly foot?: Text | undefined;
}

/** A drawn heat map, and how to find a cell in it. */
export interface HeatFigure extends Scene {
  readonly cells: { readonly x: number; readonly y: number; readonly width: number };
  readonly rowHeight: number;
  /** Rounds per column: more than one where they do not all fit, and each column shows its greatest. */
  readonly perColumn: number;
  /** The edges of the steps, low to high, eight of them; null: there is no value. */
  readonly edges: readonly number[] | null;
}

const rowHeight = 16;
/** A cell narrower than this cannot be told from its neighbours. */
const leastCell = 3;

/** Edges of seven steps of equal ratio between the least and the greatest positive value. */
export function heatEdges(rows: readonly HeatRow[]): number[] | null {
  const ends = rows.flatMap(({ values }) => extent(values, { isLog: true }) ?? []);
  const range = extent(ends);
  if (range === null) return null;
  const [low, high] = range[0] < range[1] ? range : [range[0] / 2, range[0] * 2];
  const steps = heatColours.length;
  return Array.from({ length: steps + 1 }, (_, i) => low * (high / low) ** (i / steps));
}

/** The step of a value, 0 to 6; exact zero is the lowest one. */
export function heatStep(value: number, edges: readonly number[]): number {
  const [low = 1] = edges;
  const high = edges.at(-1) ?? 1;
  if (value <= low) return 0;
  const at = (Math.log(value / low) / Math.log(high / low)) * heatColours.length;
  return Math.min(heatColours.length - 1, Math.floor(at));
}

/** The greatest of each bin of `perColumn` values. */
export function binned(values: Numbers, perColumn: number): Float64Array {
  const bins = new Float64Array(Math.ceil(values.length / perColumn)).fill(NaN);
  for (let i = 0; i < values.length; i++) {
    const bin = Math.floor(i / perColumn);
    const [value, before] = [values[i] ?? NaN, bins[bin] ?? NaN];
    if (Number.isNaN(before) || value > before) bins[bin] = value;
  }
  return bins;
}

/** The last value of a row that there is; NaN: none. */
function lastOf(values: Numbers): number {
  for (let i = values.length - 1; i >= 0; i--) {
    const value = values[i] ?? NaN;
    if (!Number.isNaN(value)) return value;
  }
  return NaN;
}

/** Draws a heat map at a width; its height follows from the rows. */
export function heatFigure(chart: HeatChart, width: number): HeatFigure {
  const count = Math.max(0, ...chart.rows.map(({ values }) => values.length));
  const now = chart.rows.map(({ values }) => lastOf(values));
  const exponent = commonExponent(now);
  const texts = now.map((value) => mantissa(value, exponent));
  const head = "now, \u00D710";
  const left = 8 + Math.ceil(Math.max(...chart.rows.map(({ label }) => textWidth(label, 12)), 0));
  const right = 10 + Math.ceil(Math.max(textWidth([head, { raised: String(exponent) }], 12), 40));
  const room = Math.max(40, width - left - right);
  const perColumn = Math.max(1, Math.ceil((count * leastCell) / room));
  const columns = Math.max(1, Math.ceil(count / perColumn));
  const cells = { x: left, y: 2, width: room };
  const edges = heatEdges(chart.rows);
  const floor = cells.y + chart.rows.length * rowHeight;
  const shapes: Shape[] = [
    ...(edges === null ? [] : cellShapes(chart.rows, { cells, edges, perColumn, columns })),
    ...rowTexts(chart.rows, texts, { left, width, worst: worstOf(now) }),
    ...rounds(chart, { cells, floor, count: columns * perColumn }),
    { ...small, x: width, y: floor + 18, text: [head, { raised: sign(exponent) }], anchor: "end" },
    ...legend(edges, { exponent, left, y: floor + 40 }),
    ...totalText(chart, width, floor + 40),
  ];
  return { width, height: floor + 46, shapes, cells, rowHeight, perColumn, edges };
}

const small = { type: "text", size: 12, fill: "ink-3" } as const;
const sign = (exponent: number): string => (exponent < 0 ? `\u2212${-exponent}` : String(exponent));

const mantissa = (value: number, exponent: number): string => {
  if (Number.isNaN(value)) return "\u2013";
  if (value === 0) return "0";
  return plainText(formatScientific(value, { exponent })).split(" \u00D7")[0] ?? "";
};

const worstOf = (values: readonly number[]): number =>
  values.reduce(
    (worst, value, i) =>
      value > (values[worst] ?? NaN) || Number.isNaN(values[worst]) ? i : worst,
    0,
  );

interface CellPlaces {
  readonly cells: HeatFigure["cells"];
  readonly edges: readonly number[];
  readonly perColumn: number;
  readonly columns: number;
}

/** One path per step: a thousand cells are seven shapes. */
function cellShapes(
  rows: readonly HeatRow[],
  { cells, edges, perColumn, columns }: CellPlaces,
): Shape[] {
  const paths = heatColours.map(() => "");
  const step = cells.width / columns;
  const slit = step >= 6 ? 1 : 0;
  rows.forEach(({ values }, row) => {
    const y = cells.y + row * rowHeight;
    binned(values, perColumn).forEach((value, column) => {
      if (Number.isNaN(value)) return;
      const [x, w] = [px(cells.x + column * step), px(step - slit)];
      const at = heatStep(value, edges);
      paths[at] = `${paths[at] ?? ""}M${x},${y}h${w}v${rowHeight - 2}h${-w}z`;
    });
  });
  return paths.flatMap((d, i): Shape[] => {
    const fill = heatColours[i];
    return d === "" || fill === undefined ? [] : [{ type: "path", d, fill }];
  });
}

interface RowPlaces {
  readonly left: number;
  readonly width: number;
  readonly worst: number;
}

const rowTexts = (rows: readonly HeatRow[], texts: readonly string[], places: RowPlaces): Shape[] =>
  rows.flatMap(({ label }, row): Shape[] => {
    const y = 2 + row * rowHeight + 11;
    const weight = row === places.worst ? 600 : 400;
    return [
      { ...small, x: places.left - 8, y, text: label, anchor: "end", fill: "ink-2" },
      { ...small, x: places.width, y, text: texts[row] ?? "", anchor: "end", fill: "ink", weight },
    ];
  });

interface RoundPlaces {
  readonly cells: HeatFigure["cells"];
  readonly floor: number;
  readonly count: number;
}

function rounds({ firstRound }: HeatChart, { cells, floor, count }: RoundPlaces): Shape[] {
  if (count === 0) return [];
  // A round's tick is at the middle of its cell.
  const range = [firstRound - 0.5, firstRound + count - 0.5] as const;
  const axis = { kind: "round", name: "round" } as const;
  const scale = sidewaysScale(axis, range, { left: cells.x, right: cells.x + cells.width });
  const right = cells.x + cells.width;
  return scale.ticks.map(({ value, text }, i): Shape => {
    const at = scale.toPx(value);
    const isAtEnd = at + textWidth(text, 12) / 2 > right;
    const anchor = i === 0 ? "start" : isAtEnd ? "end" : "middle";
    const x = i === 0 ? cells.x : isAtEnd ? right : px(at);
    return { ...small, x, y: floor + 18, text, anchor };
  });
}

interface LegendPlaces {
  readonly exponent: number;
  readonly left: number;
  readonly y: number;
}

function legend(edges: readonly number[] | null, { exponent, y }: LegendPlaces): Shape[] {
  if (edges === null) return [];
  const low = mantissa(edges[0] ?? 0, exponent);
  const high: Text = [
    `${mantissa(edges.at(-1) ?? 0, exponent)} \u00D7 10`,
    { raised: sign(exponent) },
    ", log steps",
  ];
  const start = textWidth(low, 12) + 8;
  const end = start + 22 * heatColours.length;
  return [
    { ...small, x: 0, y, text: low },
    ...heatColours.map((fill, i): Shape => {
      return { type: "rect", x: px(start + 22 * i), y: y - 8, width: 22, height: 8, fill };
    }),
    { ...small, x: px(end + 8), y, text: high },
  ];
}

function totalText({ total }: HeatChart, width: number, y: number): Shape[] {
  if (total === undefined) return [];
  const value = formatScientific(total.value);
  const x = width - textWidth(value, 12) - 5;
  return [
    { ...small, x: px(x), y, text: total.label, anchor: "end", fill: "ink-2" },
    { ...small, x: width, y, text: value, anchor: "end", fill: "ink", weight: 500 },
  ];
}
