/** The projected privacy as a chart: plum up to the limit, and in the colour of refusal beyond. */
import { formatEpsilon, formatEpsilonLeft } from "@fedtune/figures";
import type { LineChart, Series } from "@fedtune/figures";
import { epsilonSentence } from "./cost-rows.ts";
import type { EpsilonCost } from "./cost-rows.ts";
import { words } from "./words.ts";

type Point = readonly [round: number, epsilon: number];

function line(
  id: string,
  points: readonly Point[],
  tone: "privacy" | "bad",
  endLabel: string | null,
): Series {
  return {
    ...{ id, label: words.cost.series[tone], endLabel },
    x: points.map(([round]) => round),
    y: points.map(([, epsilon]) => epsilon),
    style: { colour: tone, dash: [], width: 2 },
  };
}

/** The chart of a run's privacy. */
export function epsilonFigure(epsilon: EpsilonCost, rounds: number): LineChart {
  const { curve, limit, exceededAfter, atEnd } = epsilon;
  const within = exceededAfter === null ? curve : curve.filter(([round]) => round <= exceededAfter);
  // Both parts meet at the last round within the limit.
  const beyond = exceededAfter === null ? [] : curve.slice(Math.max(0, within.length - 1));
  const end = formatEpsilon(atEnd);
  return {
    title: words.cost.privacy,
    subtitle: "\u03b5",
    x: { kind: "round", name: "round", from: 1, to: rounds },
    y: { kind: "epsilon", name: "epsilon", from: 0, includes: limit === null ? [] : [limit] },
    series: [
      line("within", within, "privacy", exceededAfter === null ? end : null),
      ...(beyond.length === 0 ? [] : [line("beyond", beyond, "bad", end)]),
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
