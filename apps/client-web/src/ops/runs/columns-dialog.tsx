import { ArrowDown, ArrowUp } from "lucide-react";
import { Button } from "../../ui/button.tsx";
import { Checkbox } from "../../ui/checkbox.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { IconButton } from "../../ui/icon-button.tsx";
import { columnNames, columnTitles, firstColumns, movedColumn } from "./columns.ts";
import type { ColumnName } from "./columns.ts";
import { words } from "./words.ts";
import styles from "./columns-dialog.module.css";

/** Which columns are shown, in which order. */
export interface ColumnsDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly columns: readonly ColumnName[];
  readonly onChange: (columns: readonly ColumnName[]) => void;
}

/** The choice of columns; the name always stays. */
export function ColumnsDialog({ isOpen, onClose, columns, onChange }: ColumnsDialogProps) {
  const hidden = columnNames.filter((name) => !columns.includes(name));
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={words.columnsTitle}>
      <ul className={styles["list"]}>
        {[...columns, ...hidden].map((name) => {
          const isShown = columns.includes(name);
          const title = columnTitles[name];
          return (
            <li key={name} className={styles["row"]}>
              <Checkbox
                label={title}
                isChecked={isShown}
                isDisabled={name === "name"}
                onChange={(isChecked) => {
                  onChange(isChecked ? [...columns, name] : columns.filter((one) => one !== name));
                }}
              />
              <span className={styles["moves"]}>
                <IconButton
                  label={`${words.earlier}: ${title}`}
                  icon={ArrowUp}
                  size="small"
                  disabled={!isShown || columns[0] === name}
                  onClick={() => {
                    onChange(movedColumn(columns, name, -1));
                  }}
                />
                <IconButton
                  label={`${words.later}: ${title}`}
                  icon={ArrowDown}
                  size="small"
                  disabled={!isShown || columns.at(-1) === name}
                  onClick={() => {
                    onChange(movedColumn(columns, name, 1));
                  }}
                />
              </span>
            </li>
          );
        })}
      </ul>
      <div className={styles["foot"]}>
        <span>{words.columnsHelp}</span>
        <Button
          size="small"
          onClick={() => {
            onChange(firstColumns);
          }}
        >
          {words.asAtFirst}
        </Button>
      </div>
    </Dialog>
  );
}
