import { Disclosure } from "../../ui/disclosure.tsx";
import { RichText } from "../../ui/rich-text.tsx";
import { Tag } from "../../ui/tag.tsx";
import type { Fold } from "../model/explain.ts";
import { Facts } from "../parts/facts.tsx";
import styles from "./folds.module.css";

/** What experts want to know. */
export interface FoldsProps {
  readonly folds: readonly Fold[];
}

/** Folded away, with the gist beside the title. */
export const Folds = ({ folds }: FoldsProps) => (
  <div className={styles["folds"]}>
    {folds.map(({ title, tag, facts, lines }) => (
      <Disclosure
        key={title}
        title={title}
        meta={
          <Tag>
            <span>
              <RichText text={tag} />
            </span>
          </Tag>
        }
      >
        <Facts facts={facts} layout="rows" />
        {lines.length === 0 ? null : <pre className={styles["lines"]}>{lines.join("\n")}</pre>}
      </Disclosure>
    ))}
  </div>
);
