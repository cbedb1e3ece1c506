import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { iconSizes } from "./icon.ts";
import styles from "./disclosure.module.css";

/** Something that is there for those who want to know. */
export interface DisclosureProps {
  readonly title: ReactNode;
  /** Quieter, at the right: the gist of what is inside. */
  readonly meta?: ReactNode;
  readonly isOpenAtFirst?: boolean;
  readonly children: ReactNode;
}

/** A fold; the browser's own, so that its search finds what is inside. */
export const Disclosure = ({ title, meta, isOpenAtFirst = false, children }: DisclosureProps) => (
  <details className={styles["fold"]} open={isOpenAtFirst}>
    <summary className={styles["title"]}>
      <ChevronRight {...iconSizes.button} className={styles["arrow"]} aria-hidden />
      <span className={styles["words"]}>{title}</span>
      {meta === undefined ? null : <span className={styles["meta"]}>{meta}</span>}
    </summary>
    <div className={styles["content"]}>{children}</div>
  </details>
);
