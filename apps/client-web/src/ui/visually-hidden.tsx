import type { ReactNode } from "react";
import styles from "./visually-hidden.module.css";

/** What is heard and not seen. */
export interface VisuallyHiddenProps {
  readonly children: ReactNode;
  /** "li" and the like where the parent asks for it. */
  readonly as?: "span" | "div" | "li" | "caption";
}

/** Text for screen readers alone. */
export const VisuallyHidden = ({ children, as: Tag = "span" }: VisuallyHiddenProps) => (
  <Tag className={styles["hidden"]}>{children}</Tag>
);
