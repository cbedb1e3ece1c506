import type { ReactNode } from "react";
import { iconSizes, type Icon } from "../../ui/icon.ts";
import { Meter } from "../../ui/meter.tsx";
import { classes } from "../../ui/classes.ts";
import type { TrainFigure } from "../model/train-figures.ts";
import styles from "./figures.module.css";

/** Key figures beside each other. */
export const Figures = ({ children }: { readonly children: ReactNode }) => (
  <div className={styles["figures"]}>{children}</div>
);

/** A key figure. */
export interface KeyFigureProps {
  readonly label: string;
  readonly icon: Icon;
  readonly figure: TrainFigure;
}

/** A number with what it is. */
export const KeyFigure = ({ label, icon: Drawn, figure }: KeyFigureProps) => (
  <dl className={styles["figure"]}>
    <dt className={styles["label"]}>
      <Drawn {...iconSizes.text} aria-hidden />
      {label}
    </dt>
    <dd className={classes(styles["value"], figure.tone && styles[figure.tone])}>
      {figure.value}
      {figure.of === undefined ? null : <span className={styles["of"]}> {figure.of}</span>}
    </dd>
    {figure.share === undefined ? null : (
      <dd className={styles["meter"]}>
        <Meter
          label={label}
          value={figure.share}
          max={1}
          valueText={figure.picture ?? figure.value}
          tone="privacy"
          height={6}
        />
      </dd>
    )}
    {figure.note === undefined ? null : <dd className={styles["note"]}>{figure.note}</dd>}
  </dl>
);
