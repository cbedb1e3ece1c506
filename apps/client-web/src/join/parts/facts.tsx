import { RichText } from "../../ui/rich-text.tsx";
import { classes } from "../../ui/classes.ts";
import type { Fact } from "../model/explain.ts";
import styles from "./facts.module.css";

/** Terms with their values. */
export interface FactsProps {
  readonly facts: readonly Fact[];
  /** `rows`: term and value side by side, as for experts; default: one above the other. */
  readonly layout?: "stack" | "rows";
}

/** A list of facts. */
export const Facts = ({ facts, layout = "stack" }: FactsProps) => (
  <dl className={styles[layout]}>
    {facts.map((fact) => (
      <div key={fact.term}>
        <dt>{fact.term}</dt>
        <dd className={classes(fact.isCode && styles["code"], fact.isPlain && styles["plain"])}>
          <RichText text={fact.value} />
        </dd>
        {fact.note === undefined ? null : (
          <dd className={styles["note"]}>
            {fact.href === undefined ? (
              fact.note
            ) : (
              <a href={fact.href} rel="noreferrer noopener">
                {fact.note}
              </a>
            )}
          </dd>
        )}
      </div>
    ))}
  </dl>
);
