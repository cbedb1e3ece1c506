import { ShieldCheck } from "lucide-react";
import { classes } from "../../ui/classes.ts";
import { Disclosure } from "../../ui/disclosure.tsx";
import { iconSizes } from "../../ui/icon.ts";
import { Meter } from "../../ui/meter.tsx";
import type { BudgetView } from "../model/budget.ts";
import { budgetWords } from "../words/explain.ts";
import { BudgetLimit } from "./budget-limit.tsx";
import styles from "./budget.module.css";

/** The privacy budget of a file. */
export interface BudgetProps {
  readonly budget: BudgetView;
  /** Null: it cannot be changed any more. */
  readonly onLimit: ((epsilon: number | null) => void) | null;
}

/** What earlier runs have used, what this one may use, what is left. */
export const Budget = ({ budget, onLimit }: BudgetProps) => (
  <section className={styles["card"]} aria-label={budget.title}>
    <div className={styles["head"]}>
      <ShieldCheck {...iconSizes.heading} aria-hidden />
      <span className={styles["title"]}>{budget.title}</span>
      <span className={styles["total"]}>{budget.total}</span>
    </div>
    <Meter
      label={budget.title}
      value={budget.used}
      max={1}
      planned={budget.planned}
      valueText={budget.picture}
      tone="privacy"
      height={12}
    />
    <ul className={styles["keys"]}>
      {budget.keys.used === null ? null : (
        <li>
          <i className={styles["used"]} aria-hidden />
          {budget.keys.used}
        </li>
      )}
      <li>
        <i className={styles["planned"]} aria-hidden />
        {budget.keys.planned}
      </li>
      {budget.keys.left === null ? null : (
        <li className={classes(styles["left"], budget.isOver && styles["over"])}>
          {budget.keys.left}
        </li>
      )}
    </ul>
    <p className={styles["foot"]}>{budget.foot}</p>
    {onLimit === null ? null : (
      <div className={styles["limit"]}>
        <Disclosure title={budgetWords.change}>
          <BudgetLimit limit={budget.limit} onLimit={onLimit} />
        </Disclosure>
      </div>
    )}
  </section>
);
