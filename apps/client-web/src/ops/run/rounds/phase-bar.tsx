import { formatTimer } from "@fedtune/figures";
import { classes } from "../../../ui/classes.ts";
import { phaseNames, phasesTotal } from "../model/phases.ts";
import type { Phases } from "../model/phases.ts";
import styles from "./rounds.module.css";

/** How long a round took, and with what. */
export interface PhaseBarProps {
  /** Null: only its length is known. */
  readonly phases: Phases | null;
  readonly totalMs: number;
  /** What fills the whole width: the deadline. */
  readonly wholeMs: number;
  /** As wide as its place. */
  readonly isWide?: boolean;
}

/** A round's time as a bar against its deadline. */
export function PhaseBar({ phases, totalMs, wholeMs, isWide = false }: PhaseBarProps) {
  const look = classes(styles["bar"], isWide && styles["wide"]);
  const whole = Math.max(wholeMs, totalMs, phases === null ? 0 : phasesTotal(phases), 1);
  const width = (ms: number): string => `${(100 * ms) / whole}%`;
  if (phases === null)
    return (
      <span className={look} role="img" aria-label={formatTimer(totalMs)}>
        <i className={styles["whole"]} style={{ width: width(totalMs) }} />
      </span>
    );
  const text = phaseNames.map((name) => `${name} ${formatTimer(phases[name])}`).join(", ");
  return (
    <span className={look} role="img" aria-label={text} title={text}>
      {phaseNames.map((name) => (
        <i key={name} className={styles[name]} style={{ width: width(phases[name]) }} />
      ))}
    </span>
  );
}

/** What the parts of the bars are. */
export const PhaseKey = () => (
  <ul className={styles["key"]}>
    {phaseNames.map((name) => (
      <li key={name} className={styles["keyed"]}>
        <i className={styles[name]} />
        {name}
      </li>
    ))}
  </ul>
);
