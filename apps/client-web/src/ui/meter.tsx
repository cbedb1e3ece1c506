import type { Tone } from "@fedtune/figures";
import { classes } from "./classes.ts";
import styles from "./meter.module.css";

/** How much of a whole is used. */
export interface MeterProps {
  /** What is measured ("Privacy budget of your file"). */
  readonly label: string;
  readonly value: number;
  readonly max: number;
  /** What will be added, hatched. */
  readonly planned?: number;
  /** The value in words, with units. */
  readonly valueText: string;
  readonly tone?: Tone | "ink";
  /** Of the bar in px; default 8. */
  readonly height?: number;
}

const percent = (part: number, whole: number): string =>
  `${whole > 0 ? Math.min(100, Math.max(0, (100 * part) / whole)) : 0}%`;

/** A bar that says how much of a whole is used, and how much more is planned. */
export function Meter(props: MeterProps) {
  const { label, value, max, planned = 0, valueText, tone = "ink", height = 8 } = props;
  return (
    <div
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={max}
      aria-valuenow={Math.min(value, max)}
      aria-valuetext={valueText}
      className={classes(styles["track"], styles[tone])}
      style={{ height }}
    >
      {planned > 0 ? (
        <span className={styles["planned"]} style={{ width: percent(value + planned, max) }} />
      ) : null}
      <span className={styles["value"]} style={{ width: percent(value, max) }} />
    </div>
  );
}
