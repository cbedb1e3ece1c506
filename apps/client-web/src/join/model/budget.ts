/** A file's privacy budget: used by earlier runs, up to so much for this one, so much left. */
import { formatEpsilon, formatEpsilonLeft } from "@fedtune/figures";
import type { Invitation, PrivacyStanding, Settings } from "../../participant/index.ts";
import { budgetWords } from "../words/explain.ts";
import { fill } from "../words/fill.ts";

/** The budget as a page shows it. */
export interface BudgetView {
  readonly title: string;
  readonly total: string;
  /** Shares of the bar, together at most 1. */
  readonly used: number;
  readonly planned: number;
  readonly keys: {
    readonly used: string | null;
    readonly planned: string;
    readonly left: string | null;
  };
  readonly picture: string;
  readonly foot: string;
  /** The run would need more than is left. */
  readonly isOver: boolean;
  /** What this device allows over all runs of a file; null: no limit of its own. */
  readonly limit: number | null;
}

/** What is spent and planned, whether a file is chosen yet or not. */
interface Spending {
  readonly used: number;
  readonly planned: number;
  readonly budget: number | null;
}

/** Null where no ledger of this device is charged: the run protects no rows. */
export function budgetView(
  { privacy }: Pick<Invitation, "privacy">,
  standing: PrivacyStanding | null,
  settings: Pick<Settings, "budgetEpsilon">,
): BudgetView | null {
  if (privacy.mode !== "record-level") return null;
  const spending = spendingOf(privacy.epsilon, standing, settings);
  const { used, planned, budget } = spending;
  const left = budget === null ? null : withoutRounding(budget - used - planned);
  // A hundredth more is how both ends are rounded, not a run that goes too far.
  const isOver = left !== null && left < -0.01;
  const scale = Math.max(budget ?? used + planned, Number.MIN_VALUE);
  const words = {
    used: formatEpsilon(used),
    planned: formatEpsilon(planned),
    left: formatEpsilonLeft(Math.max(0, left ?? 0)),
    total: budget === null ? formatEpsilon(used + planned) : formatEpsilonLeft(budget),
    over: formatEpsilon(Math.max(0, -(left ?? 0))),
  };
  return {
    title: standing === null ? budgetWords.titleAny : budgetWords.title,
    total: budget === null ? budgetWords.noLimit : fill(budgetWords.total, words),
    used: Math.min(1, used / scale),
    planned: Math.min(planned, scale - Math.min(used, scale)) / scale,
    keys: {
      used: standing === null ? null : fill(budgetWords.used, words),
      planned: fill(budgetWords.planned, words),
      left: leftText(left, isOver, words),
    },
    picture: fill(budget === null ? budgetWords.pictureNoLimit : budgetWords.picture, words),
    foot: footOf(budget, isOver, standing),
    isOver,
    limit: settings.budgetEpsilon,
  };
}

/** 8 - 1.2 - 3 is 3.8, whatever the last bits say. */
const withoutRounding = (epsilon: number): number => Math.round(epsilon * 1e9) / 1e9;

/** Compositions are not sums: what this run takes is what it adds to the others. */
function spendingOf(
  promised: number,
  standing: PrivacyStanding | null,
  { budgetEpsilon }: Pick<Settings, "budgetEpsilon">,
): Spending {
  if (standing === null) return { used: 0, planned: promised, budget: budgetEpsilon };
  const { spentElsewhere, projected, budget } = standing;
  return { used: spentElsewhere, planned: Math.max(0, projected - spentElsewhere), budget };
}

function leftText(
  left: number | null,
  isOver: boolean,
  words: { readonly left: string; readonly over: string },
): string | null {
  if (left === null) return null;
  return isOver ? fill(budgetWords.over, words) : fill(budgetWords.left, words);
}

function footOf(budget: number | null, isOver: boolean, standing: PrivacyStanding | null): string {
  if (isOver) return budgetWords.footOver;
  if (budget === null) return budgetWords.footNoLimit;
  return standing === null ? budgetWords.footNoFile : budgetWords.foot;
}
