/** Counts by row and column as a heat map with its numbers: who has how much of what. */
import { formatCount } from "../format.ts";
import { heatColours, type ColourToken } from "../palette.ts";
import { px, type Scene, type Shape } from "./scene.ts";
import { textWidth } from "./text-width.ts";

/** A row of counts. */
export interface CountRow {
  readonly label: string;
  /** One for each column, at least 0. */
  readonly counts: readonly number[];
}

/** Counts by row and column. */
export interface CountMap {
  readonly rows: readonly CountRow[];
  /** As many as a row has counts. */
  readonly columns: readonly string[];
  /** What a column is, before the first one's number ("label"). */
  readonly columnName: string;
  /** The count of the darkest step; absent: the greatest one here. Give it where maps stand side by side. */
  readonly most?: number | undefined;
}

const size = 11;
const headHeight = 18;
const usualRow = 18;
/** So high is a map of many rows at most; they are then bands without names and numbers. */
const mostHeight = 420;

/** The greatest count of some maps, for a scale that they share. */
export const mostOf = (maps: readonly Pick<CountMap, "rows">[]): number =>
  maps.reduce((most, { rows }) => rows.reduce((m, { counts }) => Math.max(m, ...counts), most), 0);

/** The colour step of a count: none for 0, else of six equal steps. */
export function countStep(count: number, most: number): number {
  if (count <= 0 || most <= 0) return 0;
  return Math.min(
    heatColours.length - 1,
    1 + Math.floor((count / most) * (heatColours.length - 1)),
  );
}

interface Grid {
  readonly left: number;
  readonly cellWidth: number;
  readonly rowHeight: number;
  readonly most: number;
  readonly hasNumbers: boolean;
}

/** Draws counts at a width; the height follows from the rows. */
export function countFigure(map: CountMap, width: number): Scene {
  const { rows, columns } = map;
  const most = map.most ?? mostOf([map]);
  const rowHeight = Math.max(
    1,
    Math.min(usualRow, Math.floor(mostHeight / Math.max(1, rows.length))),
  );
  const isNamed = rowHeight >= 14;
  const totals = rows.map(({ counts }) =>
    formatCount(counts.reduce((sum, count) => sum + count, 0)),
  );
  const names = isNamed ? rows.map(({ label }) => textWidth(label, size)) : [0];
  const left = Math.min(isNamed ? Math.ceil(Math.max(0, ...names)) + 10 : 0, width * 0.4);
  const right = isNamed
    ? Math.ceil(Math.max(textWidth("all", size), ...totals.map((t) => textWidth(t, size)))) + 10
    : 0;
  const cellWidth = Math.min(64, (width - left - right) / Math.max(1, columns.length));
  const hasNumbers = isNamed && cellWidth >= textWidth(formatCount(most), size) + 4;
  const grid = { left, cellWidth, rowHeight, most, hasNumbers };
  const end = left + cellWidth * columns.length + 8;
  const shapes = [
    ...head(map, grid),
    ...cells(rows, grid),
    ...(isNamed ? rowNames(rows, { totals, end, grid }) : []),
    ...legend(most, headHeight + rows.length * rowHeight + 16),
  ];
  return { width, height: headHeight + rows.length * rowHeight + 24, shapes };
}

const words = { type: "text", size, fill: "ink-3" } as const;

/** Names over the columns where all fit, else the number of every so many. */
function head({ columns, columnName }: CountMap, { left, cellWidth }: Grid): Shape[] {
  const at = (column: number): number => px(left + (column + 0.5) * cellWidth);
  const isNamed = columns.every((name) => textWidth(name, size) <= cellWidth - 4);
  if (isNamed) {
    return columns.map((text, column): Shape => {
      return { ...words, x: at(column), y: 12, text, anchor: "middle" };
    });
  }
  const every = Math.max(1, Math.ceil(28 / cellWidth));
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((one) => one >= every) ?? every;
  const first: Shape = { ...words, x: px(left), y: 12, text: `${columnName} 1` };
  const clear = left + textWidth(`${columnName} 1`, size) + 8;
  const rest = columns.flatMap((_, column): Shape[] => {
    const text = String(column + 1);
    const isShown = (column + 1) % step === 0 && at(column) - textWidth(text, size) / 2 > clear;
    return isShown ? [{ ...words, x: at(column), y: 12, text, anchor: "middle" }] : [];
  });
  return columns.length === 0 ? [] : [first, ...rest];
}

/** One path per step, then the numbers. */
function cells(
  rows: readonly CountRow[],
  { left, cellWidth, rowHeight, most, hasNumbers }: Grid,
): Shape[] {
  const paths = heatColours.map(() => "");
  const numbers: Shape[] = [];
  const slit = cellWidth >= 6 ? 1 : 0;
  const gap = rowHeight >= 6 ? 1 : 0;
  rows.forEach(({ counts }, row) => {
    const y = headHeight + row * rowHeight;
    counts.forEach((count, column) => {
      const step = countStep(count, most);
      const [x, w] = [px(left + column * cellWidth), px(cellWidth - slit)];
      paths[step] = `${paths[step] ?? ""}M${x},${y}h${w}v${rowHeight - gap}h${-w}z`;
      if (!hasNumbers || count === 0) return;
      const fill: ColourToken = step < 4 ? "ink" : "surface";
      const place = { x: px(x + w / 2), y: y + rowHeight / 2 + 3.5 };
      numbers.push({ ...words, ...place, text: formatCount(count), anchor: "middle", fill });
    });
  });
  const painted = paths.flatMap((d, step): Shape[] => {
    const fill = heatColours[step];
    return d === "" || fill === undefined ? [] : [{ type: "path", d, fill }];
  });
  return [...painted, ...numbers];
}

interface NamePlaces {
  readonly totals: readonly string[];
  readonly end: number;
  readonly grid: Grid;
}

function rowNames(rows: readonly CountRow[], { totals, end, grid }: NamePlaces): Shape[] {
  const widest = Math.max(textWidth("all", size), ...totals.map((text) => textWidth(text, size)));
  const x = px(end + widest);
  return [
    { ...words, x, y: 12, text: "all", anchor: "end" },
    ...rows.flatMap(({ label }, row): Shape[] => {
      const y = headHeight + row * grid.rowHeight + grid.rowHeight / 2 + 3.5;
      return [
        { ...words, x: px(grid.left - 8), y, text: label, anchor: "end", fill: "ink-2" },
        { ...words, x, y, text: totals[row] ?? "", anchor: "end", fill: "ink-2" },
      ];
    }),
  ];
}

function legend(most: number, y: number): Shape[] {
  const start = 14;
  const end = start + 22 * heatColours.length;
  return [
    { ...words, x: 0, y, text: "0" },
    ...heatColours.map((fill, step): Shape => {
      return { type: "rect", x: start + 22 * step, y: y - 9, width: 22, height: 9, fill };
    }),
    { ...words, x: end + 8, y, text: `${formatCount(most)} examples` },
  ];
}
