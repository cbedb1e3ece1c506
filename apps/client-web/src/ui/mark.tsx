import styles from "./mark.module.css";

/** The name with its sign: many hands into one. */
export const Mark = () => (
  <span className={styles["mark"]}>
    <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden>
      <g fill="none" stroke="currentColor" strokeWidth="1.6">
        <path d="M4 4C10 4 9 11 16 11M4 11H16M4 18C10 18 9 11 16 11" />
      </g>
      <g fill="currentColor">
        <circle cx="4" cy="4" r="2.4" />
        <circle cx="4" cy="11" r="2.4" />
        <circle cx="4" cy="18" r="2.4" />
        <circle cx="17" cy="11" r="3.6" />
      </g>
    </svg>
    fedtune
  </span>
);
