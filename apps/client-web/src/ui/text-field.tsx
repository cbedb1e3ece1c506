import { Field as Base } from "@base-ui/react/field";
import type { HTMLInputAutoCompleteAttribute, ReactNode } from "react";
import { classes } from "./classes.ts";
import { Field, type FieldLook } from "./field.tsx";
import styles from "./input.module.css";

/** A field for text. */
export interface TextFieldProps extends FieldLook {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly onBlur?: (() => void) | undefined;
  readonly type?: "text" | "password" | "email" | "search" | "url" | "date" | undefined;
  readonly autoComplete?: HTMLInputAutoCompleteAttribute | undefined;
  /** At the right, inside of the box. */
  readonly unit?: ReactNode;
  /** More than one line, of which so many are seen. */
  readonly rows?: number | undefined;
  /** Mono, for JSON and keys. */
  readonly isCode?: boolean | undefined;
  readonly isRequired?: boolean | undefined;
  readonly name?: string | undefined;
}

/** Text of one line or more. */
export function TextField(props: TextFieldProps) {
  const { value, onChange, unit, rows, isCode = false, type = "text" } = props;
  const look = classes(
    styles["input"],
    rows !== undefined && styles["area"],
    isCode && styles["code"],
  );
  return (
    <Field {...props}>
      <div className={styles["box"]}>
        <Base.Control
          className={look}
          value={value}
          onValueChange={onChange}
          onBlur={props.onBlur}
          required={props.isRequired ?? false}
          name={props.name}
          autoComplete={props.autoComplete}
          spellCheck={isCode ? false : undefined}
          {...(rows === undefined ? { type } : { render: <textarea rows={rows} /> })}
        />
        {unit === undefined ? null : <span className={styles["unit"]}>{unit}</span>}
      </div>
    </Field>
  );
}
