import type { StateLook, Tone } from "@fedtune/figures";
import type { ReactNode } from "react";
import { classes } from "./classes.ts";
import { iconSizes, type Icon } from "./icon.ts";
import { StateIcon } from "./state-icon.tsx";
import styles from "./pill.module.css";

/** A state in a word, with an icon, on its tone's soft ground. */
export interface PillProps {
  readonly tone: Tone;
  readonly icon?: Icon | undefined;
  readonly children: ReactNode;
}

/** A word on a tone's ground. */
export const Pill = ({ tone, icon: Drawn, children }: PillProps) => (
  <span className={classes(styles["pill"], styles[tone])}>
    {Drawn === undefined ? null : <Drawn {...iconSizes.text} aria-hidden />}
    <span>{children}</span>
  </span>
);

/** A state of the tables in figures. */
export interface StateProps {
  readonly look: StateLook;
  /** Goes on after the state's word: ", round 27 of 40". */
  readonly children?: ReactNode;
}

/** A state as a pill. */
export const StatePill = ({ look, children }: StateProps) => (
  <span className={classes(styles["pill"], styles[look.tone])}>
    <StateIcon icon={look.icon} />
    <span>
      {look.word}
      {children}
    </span>
  </span>
);

/** A state in a line of text or a table: icon and word in their tone, no ground. */
export const StateWord = ({ look, children }: StateProps) => (
  <span className={classes(styles["word"], styles[look.tone], styles["bare"])}>
    <StateIcon icon={look.icon} />
    <span>
      {look.word}
      {children}
    </span>
  </span>
);
