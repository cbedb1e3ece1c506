import { useEffect, useRef, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { SkipLink } from "../../ui/skip-link.tsx";
import { classes } from "../../ui/classes.ts";
import { commonWords } from "../words/common.ts";
import { fill } from "../words/fill.ts";
import { useFocusOnArrival } from "./arrival.tsx";
import { Header } from "./header.tsx";
import { useTag } from "./tag-context.tsx";
import styles from "./page.module.css";

/** A page. */
export interface PageProps {
  /** What the tab shows first: the state. */
  readonly state: string;
  /** Of which run; null: of none. */
  readonly run: string | null;
  /** Steps of the road before this one; null: a page beside the road. */
  readonly step: number | null;
  /** Beside the text on the desktop, below it on smaller screens. */
  readonly aside?: ReactNode;
  /** On phones at the bottom edge; on larger screens the page itself shows its buttons. */
  readonly dock?: ReactNode;
  readonly children: ReactNode;
}

const mainId = "content";

/** Header, text, aside and dock; the landmarks of every join page. */
export function Page({ state, run, step, aside, dock, children }: PageProps) {
  useDocumentTitle(state, run);
  const [path] = useLocation();
  const tag = useTag();
  return (
    <>
      <SkipLink to={mainId} />
      <Header step={step} tag={tag} />
      <div
        className={classes(
          styles["body"],
          aside !== undefined && styles["withAside"],
          dock !== undefined && styles["withDock"],
        )}
      >
        <main id={mainId} tabIndex={-1} className={styles["main"]}>
          {children}
          {dock === undefined ? null : (
            <div className={styles["dock"]} role="group" aria-label={commonWords.actions}>
              {dock}
            </div>
          )}
        </main>
        {aside === undefined ? null : (
          <aside className={styles["aside"]} aria-label={commonWords.aside}>
            {aside}
          </aside>
        )}
        {path === "/join/mine" ? null : (
          <footer className={styles["footer"]}>
            <Link href="/join/mine">{commonWords.mine}</Link>
          </footer>
        )}
      </div>
    </>
  );
}

function useDocumentTitle(state: string, run: string | null): void {
  useEffect(() => {
    document.title =
      run === null
        ? fill(commonWords.titleAlone, { state })
        : fill(commonWords.title, { state, run });
  }, [state, run]);
}

/** The one heading of a page; takes the focus when the page was gone to. */
export function PageTitle({ children }: { readonly children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useFocusOnArrival(heading);
  return (
    <h1 ref={heading} tabIndex={-1} className={styles["title"]}>
      {children}
    </h1>
  );
}

/** The first paragraph of a page. */
export const Lead = ({ children }: { readonly children: ReactNode }) => (
  <p className={styles["lead"]}>{children}</p>
);
