import { Check } from "lucide-react";
import { Card } from "../../ui/card.tsx";
import { Select } from "../../ui/select.tsx";
import { start, useActions } from "../frame/participant-context.tsx";
import { changedMapping } from "../model/file.ts";
import type { FilePageView, FileView, MappingField } from "../model/file.ts";
import { Bars } from "../parts/bars.tsx";
import { fileWords } from "../words/file.ts";
import { Preview } from "./preview.tsx";
import { Thumbnails } from "./thumbnails.tsx";
import styles from "./file-card.module.css";

/** A file that was read. */
export interface FileCardProps {
  readonly view: FilePageView;
  readonly file: FileView;
}

/** What was understood of the file: its first rows and its columns, or its pictures, and its labels. */
export const FileCard = ({ view, file }: FileCardProps) => (
  <div className={styles["cards"]}>
    <Card title={file.name} subtitle={file.facts} size="large">
      {view.canGoOn ? (
        <p className={styles["good"]}>
          <Check size={16} strokeWidth={2.4} aria-hidden />
          {view.words.good}
        </p>
      ) : null}
      {file.remarks.map((remark) => (
        <p key={remark} className={styles["remark"]}>
          {remark}
        </p>
      ))}
      {file.preview === null ? null : <Preview preview={file.preview} />}
      {file.pictures === null ? null : <Thumbnails pictures={file.pictures} />}
    </Card>
    {/* Columns that are missing are asked for above. */}
    {file.mapping.every(({ value }) => value === null) ? null : (
      <Card title={fileWords.columns} size="large">
        <p className={styles["remark"]}>{fileWords.columnsLead}</p>
        <Mapping fields={file.mapping} />
      </Card>
    )}
    {file.labels.length === 0 ? null : (
      <Card title={fileWords.counts} size="large">
        <Bars
          label={fileWords.counts}
          bars={file.labels.map(({ label, count, share }) => ({ label, value: count, share }))}
        />
      </Card>
    )}
  </div>
);

/** No column is called so. */
const NO_COLUMN = "\u0000";

function Mapping({ fields }: { readonly fields: readonly MappingField[] }) {
  const actions = useActions();
  return (
    <div className={styles["mapping"]}>
      {fields.map(({ role, label, value, isOptional, options }) => (
        <Select
          key={role}
          label={label}
          value={value ?? (isOptional ? NO_COLUMN : null)}
          placeholder={fileWords.notChosen}
          options={[
            ...(isOptional ? [{ value: NO_COLUMN, label: fileWords.noColumn }] : []),
            ...options.map((column) => ({ value: column, label: column })),
          ]}
          onChange={(chosen) => {
            const column = chosen === NO_COLUMN ? null : chosen;
            const mapping = changedMapping(fields, { role, column });
            if (mapping !== null) start(actions.mapColumns(mapping));
          }}
        />
      ))}
    </div>
  );
}
