/** How good this device's own model is on its own examples, round by round, as a chart. */
import { formatCount, formatPercent, seriesByRound, seriesStyle } from "@fedtune/figures";
import type { LineChart } from "@fedtune/figures";
import type { Road } from "../../participant/index.ts";
import { fill } from "../words/fill.ts";
import { trainWords } from "../words/train.ts";
import { isLanguage, runSlots } from "./run-words.ts";

/** The curve, or why there is none. */
export interface CurveView {
  /** False: this run has nobody test the model, and so there is nothing to wait for. */
  readonly isExpected: boolean;
  readonly chart: LineChart;
  /** Instead of a curve; null: there is one. */
  readonly empty: string | null;
}

/** The curve of a device's part in a run; rounds without a value are gaps. */
export function curveView({ session, invitation }: Road): CurveView {
  const { subjects } = runSlots(invitation);
  const { accuracy, rounds } = session;
  const last = accuracy.at(-1);
  const values = seriesByRound(accuracy.map((own) => [own.round, own.accuracy] as const));
  const missed = rounds.filter(
    ({ round, result }) => result === "missed" && last !== undefined && round < last.round,
  );
  const chart: LineChart = {
    title: isLanguage(invitation) ? trainWords.curveTokens : fill(trainWords.curve, { subjects }),
    subtitle: trainWords.curveUnit,
    x: { kind: "round", name: trainWords.curveRound },
    y: { kind: "fraction", name: trainWords.curveValue },
    better: "higher",
    series: [
      {
        ...values,
        id: "own",
        label: trainWords.curveValue,
        style: seriesStyle(0),
        hasPoints: values.x.length <= 40,
        endLabel:
          last === undefined
            ? null
            : fill(trainWords.curveNow, { value: formatPercent(last.accuracy) }),
      },
    ],
    // One word is enough: more of them would lie upon each other.
    marks: missed.map(({ round }, index) => ({
      x: round,
      label: index === missed.length - 1 ? trainWords.curveMissed : "",
      side: "left",
    })),
    foot:
      last === undefined
        ? ""
        : fill(
            invitation.privacy.mode === "none" ? trainWords.curveFoot : trainWords.curveFootPrivate,
            { rows: formatCount(last.examples), subjects },
          ),
  };
  // Tests come with rounds: a round without one says that there will be none.
  const hasPassed = rounds.some(({ result }) => result === "accepted");
  const isExpected = last !== undefined || (!hasPassed && invitation.privacy.mode === "none");
  return { chart, isExpected, empty: last === undefined ? trainWords.curveEmpty : null };
}
