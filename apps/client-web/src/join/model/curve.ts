/** How good this device's own model is on its own examples, round by round. */
import { formatCount, formatPercent } from "@fedtune/figures";
import type { OwnAccuracy, Road } from "../../participant/index.ts";
import { fill } from "../words/fill.ts";
import { trainWords } from "../words/train.ts";
import { runSlots } from "./run-words.ts";

/** A point of the curve; per cent, null where nothing was measured. */
export interface CurvePoint {
  /** 0: before the first round. */
  readonly round: number;
  readonly percent: number | null;
}

/** The curve, or why there is none. */
export interface CurveView {
  readonly title: string;
  readonly unit: string;
  /** Every round from the first to the last that was measured. */
  readonly points: readonly CurvePoint[];
  /** Rounds that were missed, for a mark. */
  readonly missed: readonly number[];
  readonly range: { readonly low: number; readonly high: number };
  readonly endLabel: string;
  readonly foot: string;
  /** Said of the whole picture. */
  readonly picture: string;
  /** Instead of a curve; null: there is one. */
  readonly empty: string | null;
}

/** The curve of a device's part in a run. */
export function curveView({ session, invitation }: Road): CurveView {
  const { subjects } = runSlots(invitation);
  const { accuracy } = session;
  const first = accuracy[0];
  const last = accuracy.at(-1);
  const words = { title: fill(trainWords.curve, { subjects }), unit: trainWords.curveUnit };
  if (first === undefined || last === undefined)
    return {
      ...words,
      ...{
        points: [],
        missed: [],
        range: { low: 0, high: 100 },
        endLabel: "",
        foot: "",
        picture: "",
      },
      empty: trainWords.curveEmpty,
    };
  const points = pointsOf(accuracy, first.round, last.round);
  const rows = formatCount(last.examples);
  const endLabel = formatPercent(last.accuracy);
  return {
    ...words,
    points,
    missed: session.rounds
      .filter(({ round, result }) => result === "missed" && round < last.round)
      .map(({ round }) => round),
    range: rangeOf(accuracy),
    endLabel: fill(trainWords.curveNow, { value: endLabel }),
    foot: fill(trainWords.curveFoot, { rows, subjects }),
    picture: fill(trainWords.curveImage, {
      rows,
      subjects,
      first: formatPercent(first.accuracy),
      last: endLabel,
      round: formatCount(last.round),
    }),
    empty: null,
  };
}

function pointsOf(
  accuracy: readonly OwnAccuracy[],
  from: number,
  to: number,
): readonly CurvePoint[] {
  const known = new Map(accuracy.map((value) => [value.round, 100 * value.accuracy]));
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const round = from + index;
    return { round, percent: known.get(round) ?? null };
  });
}

/** From a round number below the least to one above the most, at most 100. */
function rangeOf(accuracy: readonly OwnAccuracy[]): CurveView["range"] {
  const percents = accuracy.map((value) => 100 * value.accuracy);
  const low = Math.floor(Math.min(...percents) / 10) * 10;
  const high = Math.min(100, Math.ceil((Math.max(...percents) + 0.001) / 10) * 10);
  return { low: Math.max(0, low === high ? low - 10 : low), high };
}
