import type { ReactNode } from "react";
import type { Fact } from "../model/explain.ts";
import { Facts } from "../parts/facts.tsx";
import styles from "./who.module.css";

/** Who asks, until when, how long it takes. */
export interface WhoProps {
  readonly who: readonly Fact[];
  /** On larger screens only: phones have a dock. */
  readonly buttons: ReactNode;
  readonly foot: string | null;
}

/** Who asks. */
export const Who = ({ who, buttons, foot }: WhoProps) => (
  <>
    <div className={styles["card"]}>
      <Facts facts={who} />
      <div className={styles["buttons"]}>{buttons}</div>
    </div>
    {foot === null ? null : <p className={styles["foot"]}>{foot}</p>}
  </>
);
