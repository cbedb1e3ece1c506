import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/select.tsx";
import type { LabelQuestion } from "../model/file-problems.ts";
import { commonWords } from "../words/common.ts";
import { problemWords } from "../words/file.ts";
import styles from "./problems.module.css";

/** Labels that the run does not know. */
export interface MapLabelsProps {
  readonly questions: readonly LabelQuestion[];
  /** The run's own. */
  readonly labels: readonly string[];
  readonly onDone: (labels: Readonly<Record<string, string>>) => void;
  readonly onCancel: () => void;
}

/** What each unknown label means; what is spelt nearly alike is chosen beforehand. */
export function MapLabels({ questions, labels, onDone, onCancel }: MapLabelsProps) {
  const [meanings, setMeanings] = useState<Readonly<Record<string, string>>>(
    Object.fromEntries(
      questions.flatMap(({ label, nearest }) => (nearest === null ? [] : [[label, nearest]])),
    ),
  );
  const options = labels.map((label) => ({ value: label, label }));
  return (
    <div className={styles["mapping"]}>
      {questions.map(({ label, field }) => (
        <Select
          key={label}
          label={field}
          value={meanings[label] ?? null}
          placeholder={problemWords.labelsMapChoose}
          options={options}
          onChange={(meaning) => setMeanings({ ...meanings, [label]: meaning })}
        />
      ))}
      <div className={styles["row"]}>
        <Button size="small" onClick={() => onDone(meanings)}>
          {problemWords.labelsMapDone}
        </Button>
        <Button size="small" kind="quiet" onClick={onCancel}>
          {commonWords.cancel}
        </Button>
      </div>
    </div>
  );
}
