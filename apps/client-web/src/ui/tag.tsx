import type { ReactNode } from "react";
import { classes } from "./classes.ts";
import styles from "./tag.module.css";

/** A small fact beside a word. */
export interface TagProps {
  /** `dashed`: says that what is shown is not the real thing ("simulation"). */
  readonly kind?: "plain" | "dashed";
  readonly children: ReactNode;
}

/** A small fact: "changed", "simulation". */
export const Tag = ({ kind = "plain", children }: TagProps) => (
  <span className={classes(styles["tag"], styles[kind])}>{children}</span>
);
