import { Info, OctagonX } from "lucide-react";
import { iconSizes } from "../../ui/icon.ts";
import type { PromiseView } from "../model/promise.ts";
import { Rich } from "../parts/rich.tsx";
import { Section } from "../parts/section.tsx";
import styles from "./odds.module.css";

/** What a run promises. */
export interface OddsProps {
  readonly promise: PromiseView;
}

/** The promise as odds, or that there is none. */
export function Odds({ promise }: OddsProps) {
  const { odds, title, text, notHidden, kind } = promise;
  return (
    <Section
      title={
        odds === null ? (
          <span className={styles[kind]}>
            {kind === "none" ? (
              <OctagonX {...iconSizes.heading} size={22} aria-hidden />
            ) : (
              <Info {...iconSizes.heading} size={22} aria-hidden />
            )}
            {title}
          </span>
        ) : (
          title
        )
      }
    >
      <p className={styles["text"]}>{text}</p>
      {odds === null ? null : <Bars odds={odds} />}
      <p className={styles["hidden"]}>
        <Rich text={notHidden} />
      </p>
    </Section>
  );
}

const Bars = ({ odds }: { readonly odds: NonNullable<PromiseView["odds"]> }) => (
  <>
    <div className={styles["odds"]} role="img" aria-label={odds.picture}>
      {odds.bars.map(({ label, value, look }) => (
        <div key={look} className={styles["row"]} data-look={look}>
          <span className={styles["label"]}>{label}</span>
          <span className={styles["track"]}>
            <span className={styles["bar"]} style={{ width: `${value}%` }} />
          </span>
          <span className={styles["value"]}>{value}</span>
        </div>
      ))}
    </div>
    <p className={styles["foot"]}>
      <Rich text={odds.foot} />
    </p>
    <p className={styles["foot"]}>{odds.verdict}</p>
  </>
);
