import type { ReactNode } from "react";
import styles from "./section.module.css";

/** A part of a page's text. */
export interface SectionProps {
  readonly title: ReactNode;
  readonly children: ReactNode;
}

/** A heading and what belongs to it. */
export const Section = ({ title, children }: SectionProps) => (
  <section className={styles["section"]}>
    <h2 className={styles["title"]}>{title}</h2>
    {children}
  </section>
);
