/** The texts of the page of comparisons. */
import { formatCount } from "@fedtune/figures";
import type { AxisName } from "../run/model/axes.ts";

/** Texts. */
export const words = {
  title: (groups: number): string =>
    groups === 0
      ? "Compare runs"
      : groups === 1
        ? "Compare 1 run"
        : `Compare ${formatCount(groups)} runs`,
  axes: {
    ...{ rounds: "rounds", bytes: "bytes up per client", epsilon: "\u03b5 spent", time: "time" },
  } satisfies Record<AxisName, string>,
  costs: {
    ...{ rounds: "Rounds", bytes: "Up per client", epsilon: "\u03b5 spent", time: "Time" },
  } satisfies Record<AxisName, string>,
  across: "Across",
  add: "Add a run",
  remove: (run: string): string => `Take ${run} out`,
  seeds: (count: number): string => (count === 1 ? "1 seed" : `${formatCount(count)} seeds`),
  notReached: (rounds: number): string => `not reached in ${formatCount(rounds)} rounds`,
  nothing: {
    title: "Nothing to compare yet",
    text: "Choose two or more runs. Runs that differ in nothing but their seed stand together as one line with its interval.",
  },
} as const;
