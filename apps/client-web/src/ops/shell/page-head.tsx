import { useEffect, useRef } from "react";
import type { ReactNode } from "react";
import { useArrival } from "./arrivals.ts";
import styles from "./page-head.module.css";

/** What a tab of the browser says: state first, since that is what a narrow tab shows. */
function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} \u00b7 fedtune`;
  }, [title]);
}

/** The head of a page. */
export interface PageHeadProps {
  readonly title: string;
  /** Of the browser's tab; default: the title. */
  readonly documentTitle?: string;
  /** Actions at the right. */
  readonly children?: ReactNode;
}

/** The one heading of a page; it takes the focus when the page is gone to. */
export function PageHead({ title, documentTitle = title, children }: PageHeadProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useArrival(heading);
  useDocumentTitle(documentTitle);
  return (
    <div className={styles["head"]}>
      <h1 ref={heading} tabIndex={-1} className={styles["title"]}>
        {title}
      </h1>
      {children === undefined ? null : <div className={styles["actions"]}>{children}</div>}
    </div>
  );
}
