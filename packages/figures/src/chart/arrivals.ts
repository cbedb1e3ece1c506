/** The arrivals of a round on one axis: who came when, who is expected, now, the quorum, the deadline. */
import { formatTimer } from "../format-time.ts";
import type { ColourToken } from "../palette.ts";
import { px, straight, type Scene, type Shape } from "./scene.ts";
import { textWidth } from "./text-width.ts";

/** One member's update, or its predicted one; times are milliseconds since the round opened. */
export interface Arrival {
  readonly atMs: number;
  readonly outcome: "accepted" | "refused" | "late" | "expected";
}

/** A round on its time axis. */
export interface ArrivalChart {
  readonly deadlineMs: number;
  /** Null: the round is over. */
  readonly nowMs: number | null;
  /** When enough are expected to be in; null: not known, or reached. */
  readonly quorumMs: number | null;
  readonly arrivals: readonly Arrival[];
}

/** Up to so many members each has a mark; above, the axis is a histogram. */
const mostMarks = 120;
const bins = 60;
const height = 64;
const middle = 30;

const outcomes = ["accepted", "late", "refused", "expected"] as const;
const colours: Readonly<Record<Arrival["outcome"], ColourToken>> = {
  accepted: "ok",
  refused: "bad",
  late: "wait",
  expected: "accent",
};

/** Draws the arrivals at a width. */
export function arrivalFigure(chart: ArrivalChart, width: number): Scene {
  const last = Math.max(
    chart.deadlineMs,
    chart.nowMs ?? 0,
    ...chart.arrivals.map((one) => one.atMs),
  );
  const toX = (ms: number): number => 6 + (Math.max(0, ms) / (last || 1)) * (width - 12);
  const isCrowd = chart.arrivals.length > mostMarks;
  const shapes: Shape[] = [
    ...track(chart, toX, isCrowd ? middle + 8 : middle),
    ...(isCrowd ? histogram(chart, toX, last) : marks(chart, toX)),
    ...instants(chart, { toX, width }),
  ];
  return { width, height, shapes };
}

type ToX = (ms: number) => number;

function track({ nowMs, deadlineMs }: ArrivalChart, toX: ToX, y: number): Shape[] {
  const start = toX(0);
  const rect = { type: "rect", x: start, y: y - 3, height: 6, radius: 3 } as const;
  const past = toX(nowMs ?? deadlineMs) - start;
  return [
    { ...rect, width: px(toX(deadlineMs) - start), fill: "sunken" },
    { ...rect, width: px(Math.max(0, past)), fill: "line-strong", opacity: 0.55 },
  ];
}

/** Accepted a full dot, expected a ring, late a ring in its tone, refused a cross: told apart without colour. */
function marks({ arrivals }: ArrivalChart, toX: ToX): Shape[] {
  const ordered = outcomes.flatMap((outcome) => arrivals.filter((one) => one.outcome === outcome));
  return ordered.flatMap(({ atMs, outcome }): Shape[] => {
    const [cx, colour] = [px(toX(atMs)), colours[outcome]];
    const dot = { type: "circle", cx, cy: middle, r: 5 } as const;
    if (outcome === "accepted") {
      return [{ ...dot, fill: colour, stroke: { colour: "surface", width: 1.5 } }];
    }
    const ring: Shape = {
      ...dot,
      fill: "surface",
      stroke: { colour, width: outcome === "expected" ? 1.5 : 2 },
    };
    return outcome === "refused" ? [ring, crossIn(cx, colour)] : [ring];
  });
}

const crossIn = (cx: number, colour: ColourToken): Shape => ({
  type: "path",
  d: `M${cx - 2},${middle - 2}l4,4m0,-4l-4,4`,
  stroke: { colour, width: 1.5 },
});

/** Sixty bins, what came stacked by its outcome; the highest bin fills the height. */
function histogram({ arrivals }: ArrivalChart, toX: ToX, last: number): Shape[] {
  const counts = Array.from({ length: bins }, () => ({
    accepted: 0,
    late: 0,
    refused: 0,
    expected: 0,
  }));
  for (const { atMs, outcome } of arrivals) {
    const bin = counts[Math.min(bins - 1, Math.floor((atMs / (last || 1)) * bins))];
    if (bin !== undefined) bin[outcome] += 1;
  }
  const most = Math.max(
    1,
    ...counts.map((bin) => bin.accepted + bin.late + bin.refused + bin.expected),
  );
  const step = (toX(last) - toX(0)) / bins;
  return counts.flatMap((bin, i) => {
    let floor = middle + 5;
    return outcomes.flatMap((outcome): Shape[] => {
      const tall = (bin[outcome] / most) * 20;
      if (tall === 0) return [];
      floor -= tall;
      const box = { x: px(toX(0) + i * step), y: px(floor), width: px(step - 1), height: px(tall) };
      return outcome === "expected"
        ? [{ type: "rect", ...box, stroke: { colour: colours[outcome], width: 1 } }]
        : [{ type: "rect", ...box, fill: colours[outcome] }];
    });
  });
}

const small = { type: "text", size: 12 } as const;

interface Places {
  readonly toX: ToX;
  readonly width: number;
}

/** Words above: now and the deadline; below: the start and the quorum. Neighbours step aside, none is left out. */
function instants({ deadlineMs, nowMs, quorumMs }: ArrivalChart, { toX, width }: Places): Shape[] {
  const deadline = `deadline ${formatTimer(deadlineMs)}`;
  const deadlineAt = Math.min(toX(deadlineMs), width - 1);
  const deadlineText = Math.min(width, deadlineAt + 1) - textWidth(deadline, 12);
  const shapes: Shape[] = [
    straight([deadlineAt, 19], [deadlineAt, 43], { colour: "bad", width: 2 }),
    { ...small, x: px(deadlineText), y: 12, text: deadline, fill: "ink-2" },
    { ...small, x: 0, y: 60, text: "0:00", fill: "ink-3" },
  ];
  if (nowMs !== null) {
    const text = `now ${formatTimer(nowMs)}`;
    const wide = textWidth(text, 12);
    const at = toX(nowMs);
    // Past the deadline "now" stands at its right end, before it at its left.
    const x = Math.max(0, Math.min(at - wide / 2, deadlineText - wide - 8));
    shapes.push(straight([at, 17], [at, 45], { colour: "ink", width: 2 }));
    shapes.push({ ...small, x: px(x), y: 12, text, fill: "ink", weight: 500 });
  }
  if (quorumMs !== null) {
    const text = `quorum about ${formatTimer(quorumMs)}`;
    const wide = textWidth(text, 12);
    const at = toX(quorumMs);
    const x = Math.max(textWidth("0:00", 12) + 8, Math.min(at - wide / 2, width - wide));
    shapes.push(straight([at, 38], [at, 50], { colour: "ink-3", width: 1, dash: [2, 2] }));
    shapes.push({ ...small, x: px(x), y: 60, text, fill: "ink-2" });
  }
  return shapes;
}
