import type { ReactNode } from "react";
import { iconSizes, type Icon } from "./icon.ts";
import styles from "./empty.module.css";

/** Nothing to show, and why. */
export interface EmptyProps {
  readonly icon?: Icon | undefined;
  /** "No runs yet" */
  readonly title: ReactNode;
  /** What would be here, and how it comes. */
  readonly children?: ReactNode;
  /** One button. */
  readonly action?: ReactNode;
}

/** What stands where there is nothing yet. */
export const Empty = ({ icon: Drawn, title, children, action }: EmptyProps) => (
  <div className={styles["empty"]}>
    {Drawn === undefined ? null : <Drawn {...iconSizes.heading} size={24} aria-hidden />}
    <p className={styles["title"]}>{title}</p>
    {children === undefined ? null : <div className={styles["text"]}>{children}</div>}
    {action}
  </div>
);
