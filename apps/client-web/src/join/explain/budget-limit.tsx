import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { budgetWords } from "../words/explain.ts";
import styles from "./budget.module.css";

/** The most that all runs of a file may use. */
export interface BudgetLimitProps {
  /** Null: no limit of this device's own. */
  readonly limit: number | null;
  readonly onLimit: (epsilon: number | null) => void;
}

/** The number in a text; null for an empty one, undefined for one that is no positive number. */
function limitOf(text: string): number | null | undefined {
  const trimmed = text.trim().replace(",", ".");
  if (trimmed === "") return null;
  const value = Number(trimmed);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

/** A field for the holder's own limit. */
export function BudgetLimit({ limit, onLimit }: BudgetLimitProps) {
  const [text, setText] = useState(limit === null ? "" : String(limit));
  const [isWrong, setWrong] = useState(false);
  return (
    <form
      className={styles["form"]}
      onSubmit={(event) => {
        event.preventDefault();
        const value = limitOf(text);
        setWrong(value === undefined);
        if (value !== undefined) onLimit(value);
      }}
    >
      <TextField
        label={budgetWords.limit}
        help={budgetWords.limitHelp}
        error={isWrong ? budgetWords.limitWrong : undefined}
        value={text}
        onChange={setText}
        unit={budgetWords.unit}
      />
      <div>
        <Button type="submit">{budgetWords.limitSet}</Button>
      </div>
    </form>
  );
}
