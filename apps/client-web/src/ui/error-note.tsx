import type { Tone } from "@fedtune/figures";
import { Info, OctagonX, ShieldOff, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { classes } from "./classes.ts";
import { iconSizes, type Icon } from "./icon.ts";
import styles from "./error-note.module.css";

/** What happened, what is kept, what to do. */
export interface ErrorNoteProps {
  /** What happened, in plain words. */
  readonly title: ReactNode;
  /** What is kept, and what to do. */
  readonly children?: ReactNode;
  /** One button; a second one only as another way out. */
  readonly actions?: ReactNode;
  /** The error's code, small, for support. */
  readonly code?: string | undefined;
  /** `bad` by default; `wait` where things go on, `accent` for a mere fact, `privacy` where a budget is spent. */
  readonly tone?: Extract<Tone, "bad" | "wait" | "accent" | "privacy">;
  /** Spoken at once: for what interrupts; not for what was there when the page came. */
  readonly isUrgent?: boolean;
}

const icons: Readonly<Record<string, Icon>> = {
  bad: OctagonX,
  wait: TriangleAlert,
  accent: Info,
  privacy: ShieldOff,
};

/** A message that stays where it arose until it is solved. */
export function ErrorNote(props: ErrorNoteProps) {
  const { title, children, actions, code, tone = "bad", isUrgent = false } = props;
  const Drawn = icons[tone] ?? Info;
  return (
    <div className={classes(styles["note"], styles[tone])} role={isUrgent ? "alert" : "group"}>
      <Drawn {...iconSizes.heading} aria-hidden />
      <div className={styles["body"]}>
        <p className={styles["title"]}>{title}</p>
        {children === undefined ? null : <div className={styles["text"]}>{children}</div>}
        {actions === undefined && code === undefined ? null : (
          <div className={styles["foot"]}>
            {actions}
            {code === undefined ? null : <code className={styles["code"]}>{code}</code>}
          </div>
        )}
      </div>
    </div>
  );
}
