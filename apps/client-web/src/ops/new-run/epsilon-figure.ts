/** The projected privacy as a chart: plum up to the limit, and in the colour of refusal beyond. */
import { formatEpsilon, formatEpsilonLeft } from "@fedtune/figures";
import type { LineChart, Series } from "@fedtune/figures";
import { epsilonSentence } from "./cost-rows.ts";
import type { EpsilonCost } from "./cost-rows.ts";
import { words } from "./words.ts";

/** A round and the epsilon after it. */
type Point = EpsilonCost["curve"][number];

interface Part {
  readonly points: readonly Point[];
  readonly tone: "privacy" | "bad";
  /** Null: the line goes on in the other colour. */
  readonly endLabel: string | null;
}

function line(id: string, { points, tone, endLabel }: Part): Series {
  return {
    ...{ id, label: words.cost.series[tone], endLabel },
    x: points.map(([round = Number.NaN]) => round),
    y: points.map(([, epsilon = Number.NaN]) => epsilon),
    style: { colour: tone, dash: [], width: 2 },
  };
}

/** The chart of a run's privacy. */
export function epsilonFigure(epsilon: EpsilonCost, rounds: number): LineChart {
  const { curve, limit, exceededAfter, atEnd } = epsilon;
  const within =
    exceededAfter === null ? curve : curve.filter(([round = 0]) => round <= exceededAfter);
  // Both parts meet at the last round within the limit.
  const beyond = exceededAfter === null ? [] : curve.slice(Math.max(0, within.length - 1));
  const end = formatEpsilon(atEnd);
  return {
    title: words.cost.privacy,
    subtitle: "\u03b5",
    x: { kind: "round", name: "round", from: 1, to: rounds },
    y: { kind: "epsilon", name: "epsilon", from: 0, includes: limit === null ? [] : [limit] },
    series: [
      line("within", {
        points: within,
        tone: "privacy",
        endLabel: exceededAfter === null ? end : null,
      }),
      ...(beyond.length === 0
        ? []
        : [line("beyond", { points: beyond, tone: "bad", endLabel: end })]),
    ],
    rules:
      limit === null
        ? []
        : [{ y: limit, label: words.cost.limit(formatEpsilonLeft(limit)), colour: "bad" }],
    marks:
      exceededAfter === null || exceededAfter < 1
        ? []
        : [{ x: exceededAfter, label: words.cost.round(exceededAfter), place: "bottom" }],
    foot: epsilonSentence(epsilon, rounds),
  };
}
