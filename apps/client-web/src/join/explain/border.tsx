import { ArrowUpRight, BookKey, FileText, Gauge, Lock, Split } from "lucide-react";
import { iconSizes, type Icon } from "../../ui/icon.ts";
import type { BorderItem, BorderView } from "../model/explain.ts";
import { Rich } from "../parts/rich.tsx";
import { borderWords } from "../words/explain.ts";
import styles from "./border.module.css";

/** What stays, what leaves. */
export interface BorderProps {
  readonly border: BorderView;
}

const icons: Readonly<Record<BorderItem["icon"], Icon>> = {
  file: FileText,
  split: Split,
  record: BookKey,
  leaves: ArrowUpRight,
  facts: Gauge,
};

/** The device border: two sides and the wall between them. */
export const Border = ({ border }: BorderProps) => (
  <>
    <div className={styles["border"]} role="group" aria-label={borderWords.group}>
      <div className={styles["inside"]}>
        <h3 className={styles["title"]}>
          <Lock size={17} strokeWidth={2} aria-hidden />
          {borderWords.stays}
        </h3>
        <Items items={border.staying} />
      </div>
      <div className={styles["wall"]}>
        <span>{borderWords.wall}</span>
      </div>
      <div className={styles["outside"]}>
        <h3 className={styles["title"]}>
          <ArrowUpRight size={17} strokeWidth={2} aria-hidden />
          {border.leaves}
        </h3>
        <Items items={border.leaving} />
        <p className={styles["total"]}>
          <Rich text={border.total} />
          <small>{borderWords.atMostNote}</small>
        </p>
      </div>
    </div>
    <p className={styles["foot"]}>{border.foot}</p>
  </>
);

const Items = ({ items }: { readonly items: readonly BorderItem[] }) => (
  <ul>
    {items.map(({ icon, text, note }) => {
      const Drawn = icons[icon];
      return (
        <li key={text} className={styles["item"]}>
          <Drawn {...iconSizes.heading} aria-hidden />
          <div>
            <Rich text={text} />
            <small>{note}</small>
          </div>
        </li>
      );
    })}
  </ul>
);
