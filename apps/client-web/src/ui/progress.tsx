import type { Tone } from "@fedtune/figures";
import { classes } from "./classes.ts";
import styles from "./progress.module.css";

/** How far something is. */
export interface ProgressProps {
  /** What goes on ("This round"). */
  readonly label: string;
  /** From 0 to 1; null: not known, the bar says only that it goes on. */
  readonly value: number | null;
  /** In words: "step 37 of 58, learning". */
  readonly valueText: string;
  readonly tone?: Tone;
  /** Of the bar in px; default 6. */
  readonly height?: number;
}

/** A bar that fills; it moves in a straight line, and callers feed it at most twice a second. */
export function Progress({ label, value, valueText, tone = "accent", height = 6 }: ProgressProps) {
  const share = value === null ? null : Math.min(1, Math.max(0, value));
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.round(100 * share)}
      aria-valuetext={valueText}
      className={classes(styles["track"], styles[tone])}
      style={{ height }}
    >
      <span
        className={classes(styles["bar"], share === null && styles["unknown"])}
        style={share === null ? undefined : { transform: `scaleX(${share})` }}
      />
    </div>
  );
}
