/** What runs are drawn over: rounds, bytes that a client sends, epsilon spent, or time. */
import type { Axis } from "@fedtune/figures";
import type { RoundFigures } from "./round-figures.ts";

/** Names of the axes, as they stand in addresses. */
export const axisNames = ["rounds", "bytes", "epsilon", "time"] as const;
/** One of {@link axisNames}. */
export type AxisName = (typeof axisNames)[number];

/** How each axis is written. */
export const axes: Readonly<Record<AxisName, Axis>> = {
  rounds: { kind: "round", name: "round" },
  bytes: { kind: "bytes", name: "sent per client", includes: [0] },
  epsilon: { kind: "epsilon", name: "epsilon spent", includes: [0] },
  time: { kind: "duration", name: "time", includes: [0] },
};

/** What one client that takes part in every round has sent up to and with each row, in bytes: the mean over updates. */
function bytesPerClient(rows: readonly RoundFigures[]): readonly (number | null)[] {
  let sum: number | null = 0;
  return rows.map(({ round, bytesUp, accepted }) => {
    if (round === 0) return sum;
    const own = bytesUp === null || accepted === null ? null : bytesUp / Math.max(accepted, 1);
    sum = sum === null || own === null ? null : sum + own;
    return sum;
  });
}

function elapsed(rows: readonly RoundFigures[]): readonly (number | null)[] {
  let sum: number | null = 0;
  return rows.map(({ round, seconds }) => {
    if (round > 0) sum = sum === null || seconds === null ? null : sum + seconds * 1000;
    return sum;
  });
}

/** Where each row stands on an axis; null: not known. */
export function placesOn(
  rows: readonly RoundFigures[],
  axis: AxisName,
): readonly (number | null)[] {
  switch (axis) {
    case "rounds":
      return rows.map(({ round }) => round);
    case "bytes":
      return bytesPerClient(rows);
    case "epsilon":
      return rows.map(({ epsilon }) => epsilon);
    case "time":
      return elapsed(rows);
  }
}
