import { Check } from "lucide-react";
import { Link } from "wouter";
import { classes } from "../../ui/classes.ts";
import { Mark } from "../../ui/mark.tsx";
import { Tag } from "../../ui/tag.tsx";
import { ThemeSwitch } from "../../ui/theme-switch.tsx";
import { commonWords } from "../words/common.ts";
import { fill } from "../words/fill.ts";
import styles from "./header.module.css";

/** The top of every page. */
export interface HeaderProps {
  /** Steps of the road before this one; null: a page beside the road. */
  readonly step: number | null;
  /** Said beside the theme switch: that what is shown is not the real thing. */
  readonly tag?: string | undefined;
}

/** The name, where on the road one is, and the theme. */
export const Header = ({ step, tag }: HeaderProps) => (
  <header className={styles["header"]}>
    <Link href="/join/mine" className={styles["home"]} aria-label={commonWords.home}>
      <Mark />
    </Link>
    {step === null ? null : <Steps step={step} />}
    <div className={styles["end"]}>
      {tag === undefined ? null : (
        <span className={styles["tag"]}>
          <Tag kind="dashed">{tag}</Tag>
        </span>
      )}
      <ThemeSwitch />
    </div>
  </header>
);

const Steps = ({ step }: { readonly step: number }) => (
  <>
    <ol className={styles["steps"]} aria-label={commonWords.stepList}>
      {commonWords.steps.map((name, index) => (
        <li
          key={name}
          className={classes(index === step && styles["now"], index < step && styles["done"])}
          aria-current={index === step ? "step" : undefined}
        >
          <span className={styles["number"]} aria-hidden>
            {index < step ? <Check size={13} strokeWidth={2.6} /> : index + 1}
          </span>
          {name}
        </li>
      ))}
    </ol>
    <p className={styles["count"]}>
      {fill(commonWords.stepOf, {
        step: String(Math.min(step + 1, commonWords.steps.length)),
        steps: String(commonWords.steps.length),
      })}
    </p>
  </>
);
