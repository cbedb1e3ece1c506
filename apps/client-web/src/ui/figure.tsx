import type { Tone } from "@fedtune/figures";
import type { ReactNode } from "react";
import { classes } from "./classes.ts";
import { iconSizes, type Icon } from "./icon.ts";
import styles from "./figure.module.css";

/** One number that matters, with what it is and what to hold it against. */
export interface FigureProps {
  readonly label: ReactNode;
  readonly icon?: Icon | undefined;
  /** Formatted; a dash for "not yet". */
  readonly value: ReactNode;
  /** Or "of ε 3.00". */
  readonly unit?: ReactNode;
  /** The line below. */
  readonly detail?: ReactNode;
  /** Of the number; default: ink. */
  readonly tone?: Tone | undefined;
  /** At the right: a sparkline, a meter, a few bars. */
  readonly children?: ReactNode;
}

/** A key figure in a card. */
export function Figure({ label, icon: Drawn, value, unit, detail, tone, children }: FigureProps) {
  return (
    <dl className={styles["figure"]}>
      <dt className={styles["label"]}>
        {Drawn === undefined ? null : <Drawn {...iconSizes.text} aria-hidden />}
        {label}
      </dt>
      <dd className={styles["row"]}>
        <span className={classes(styles["value"], tone && styles[tone])}>{value}</span>
        {unit === undefined ? null : <span className={styles["unit"]}>{unit}</span>}
        {children === undefined ? null : <span className={styles["aside"]}>{children}</span>}
      </dd>
      {detail === undefined ? null : <dd className={styles["detail"]}>{detail}</dd>}
    </dl>
  );
}
