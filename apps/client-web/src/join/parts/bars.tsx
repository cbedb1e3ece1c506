import styles from "./bars.module.css";

/** One of several amounts. */
export interface Bar {
  readonly label: string;
  /** As it is shown. */
  readonly value: string;
  /** Length, 0 to 1. */
  readonly share: number;
}

/** Amounts beside each other. */
export interface BarsProps {
  readonly label: string;
  readonly bars: readonly Bar[];
}

/** Amounts as a list with bars; the list is what is read, the bars are decoration. */
export const Bars = ({ label, bars }: BarsProps) => (
  <ul className={styles["bars"]} aria-label={label}>
    {bars.map(({ label: name, value, share }) => (
      <li key={name} className={styles["row"]}>
        <span className={styles["name"]}>{name}</span>
        <span className={styles["track"]} aria-hidden>
          <span className={styles["bar"]} style={{ width: `${100 * share}%` }} />
        </span>
        <span className={styles["value"]}>{value}</span>
      </li>
    ))}
  </ul>
);
