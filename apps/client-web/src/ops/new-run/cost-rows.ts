/** What a run would cost, as lines of a panel and as a curve. */
import type { OutputOf } from "@fedtune/api";
import {
  formatBytes,
  formatCount,
  formatEpsilon,
  formatEpsilonLeft,
  formatPercent,
} from "@fedtune/figures";

/** What the server says of a config. */
export type Estimate = OutputOf<"estimateRun">;
/** What its run would cost. */
export type Cost = NonNullable<Estimate["cost"]>;
/** What it would spend of privacy. */
export type EpsilonCost = NonNullable<Cost["epsilon"]>;

/** A line: what, how much, and how it is to be understood. */
export interface CostRow {
  readonly name: string;
  readonly value: string;
  readonly about: string;
}

/** The lines of the panel. */
export function costRows({ bytes, memory, numbers, cohort, rounds }: Cost): readonly CostRow[] {
  const { perRound, perRun, dense, snapshot } = bytes;
  return [
    {
      name: "Up, client and round",
      value: formatBytes(perRound.up),
      about: `${formatCount(numbers.uploaded)} of ${formatCount(numbers.trained)} trained numbers, with headers`,
    },
    {
      name: "Down, client and round",
      value: formatBytes(perRound.down),
      about: `${formatBytes(snapshot)} for a client that holds nothing yet`,
    },
    {
      name: "Whole run, all clients",
      value: `${formatBytes(perRun.up, "prose")} up, ${formatBytes(perRun.down, "prose")} down`,
      about: `${formatCount(rounds)} rounds with ${formatCount(cohort)} clients each`,
    },
    {
      name: "Against dense LoRA",
      value: formatPercent(perRound.up / Math.max(1, dense.up), 0),
      about: `${formatBytes(dense.up)} up, by plain averaging at the same rank`,
    },
    { name: "Memory on a client", value: about(memory.client), about: "A rough estimate" },
    { name: "Memory on the server", value: about(memory.coordinator), about: "A rough estimate" },
  ];
}

function about(bytes: number): string {
  return `about ${formatBytes(bytes, "prose")}`;
}

/** The line that stands for the panel where there is no room for it. */
export function costLine({ bytes, epsilon }: Cost): string {
  const round = `${formatBytes(bytes.perRound.up, "prose")} a round`;
  return epsilon === null ? round : `${round}, epsilon ${epsilonText(epsilon)}`;
}

function epsilonText({ atEnd, limit }: EpsilonCost): string {
  const spent = formatEpsilon(atEnd);
  return limit === null ? spent : `${spent} of ${formatEpsilonLeft(limit)}`;
}

/** What the curve says in a sentence, for those who do not see it. */
export function epsilonSentence(
  { atEnd, limit, exceededAfter }: EpsilonCost,
  rounds: number,
): string {
  const end = `Projected epsilon: ${formatEpsilon(atEnd)} after ${formatCount(rounds)} rounds`;
  if (limit === null) return `${end}; no limit is set.`;
  const bound = `the limit is ${formatEpsilonLeft(limit)}`;
  return exceededAfter === null
    ? `${end}; ${bound}.`
    : `${end}; ${bound}, which holds up to round ${formatCount(exceededAfter)}.`;
}
