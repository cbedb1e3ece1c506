import { Lock } from "lucide-react";
import { Card } from "../../ui/card.tsx";
import { Tag } from "../../ui/tag.tsx";
import type { FilePageView } from "../model/file.ts";
import { fileWords } from "../words/file.ts";
import styles from "./needs.module.css";

/** What the run wants of a file, and where the file stays. */
export const Needs = ({ view }: { readonly view: FilePageView }) => (
  <div className={styles["needs"]}>
    <Card title={fileWords.needs} size="large">
      <ul className={styles["list"]}>
        {view.needs.map((need) => (
          <li key={need}>{need}</li>
        ))}
      </ul>
      <p className={styles["note"]}>{view.words.formats}</p>
      {view.wantedLabels.length === 0 ? null : <Labels labels={view.wantedLabels} />}
    </Card>
    <Card size="large">
      <p className={styles["stays"]}>
        <Lock size={17} strokeWidth={1.8} aria-hidden />
        <span>{view.words.staysText}</span>
      </p>
    </Card>
  </div>
);

const Labels = ({ labels }: { readonly labels: readonly string[] }) => (
  <>
    <h3 className={styles["subtitle"]}>{fileWords.labels}</h3>
    <ul className={styles["labels"]}>
      {labels.map((label) => (
        <li key={label}>
          <Tag>{label}</Tag>
        </li>
      ))}
    </ul>
  </>
);
