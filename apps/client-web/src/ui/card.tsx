import type { ReactNode } from "react";
import { useId } from "react";
import { classes } from "./classes.ts";
import styles from "./card.module.css";

/** A part of a page with a title of its own. */
export interface CardProps {
  readonly title?: ReactNode;
  /** Beside the title, quieter: the unit, a count. */
  readonly subtitle?: ReactNode;
  /** At the right end of the head. */
  readonly actions?: ReactNode;
  /** Level of the title; default 2. */
  readonly level?: 2 | 3;
  /** `bare`: children reach the card's edges (tables). Default: 16 px all round. */
  readonly padding?: "normal" | "bare";
  /** `small`: 14 px as on the dashboard; `large`: 16 px and more air, as on the join page. */
  readonly size?: "small" | "large";
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

/** A card: a line around what belongs together. With a title it is a region of that name. */
export function Card(props: CardProps) {
  const { title, subtitle, actions, level = 2, padding = "normal", size = "small" } = props;
  const id = useId();
  const Heading = level === 2 ? "h2" : "h3";
  const hasHead = title !== undefined || actions !== undefined;
  const look = classes(styles["card"], styles[padding], styles[size], props.className);
  return (
    <section className={look} aria-labelledby={title === undefined ? undefined : id}>
      {hasHead ? (
        <header className={styles["head"]}>
          {title === undefined ? null : (
            <Heading id={id} className={styles["title"]}>
              {title}
            </Heading>
          )}
          {subtitle === undefined ? null : <span className={styles["subtitle"]}>{subtitle}</span>}
          {actions === undefined ? null : <div className={styles["actions"]}>{actions}</div>}
        </header>
      ) : null}
      {props.children}
    </section>
  );
}
