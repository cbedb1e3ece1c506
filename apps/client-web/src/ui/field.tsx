import { Field as Base } from "@base-ui/react/field";
import { OctagonX } from "lucide-react";
import type { ReactNode } from "react";
import { classes } from "./classes.ts";
import { Tag } from "./tag.tsx";
import styles from "./field.module.css";

/** What stands around every control of a form. */
export interface FieldLook {
  /** Always visible; no placeholder stands in for it. */
  readonly label: ReactNode;
  /** Below the control: the range, what a change does. */
  readonly help?: ReactNode;
  /** Instead of the help: current value, wanted value, and the fix as a button. */
  readonly error?: ReactNode;
  /** The setting's name in a config, in mono at the right. */
  readonly configKey?: string | undefined;
  /** A chip beside the key: that the value is not the preset's. */
  readonly isChanged?: boolean | undefined;
  readonly isDisabled?: boolean | undefined;
  /** Of the whole field, for error summaries to link to. */
  readonly id?: string | undefined;
  readonly className?: string | undefined;
}

/** A field around any control of the library. */
export interface FieldProps extends FieldLook {
  /** False where the control is a button (select): a native label would press it. */
  readonly hasNativeLabel?: boolean;
  readonly children: ReactNode;
}

/** Label, control, help or error; the ids that join them are the library's work. */
export function Field(props: FieldProps) {
  const { label, help, error, configKey, isChanged = false, hasNativeLabel = true } = props;
  const hasError = error !== undefined && error !== null && error !== false;
  return (
    <Base.Root
      id={props.id}
      invalid={hasError}
      disabled={props.isDisabled ?? false}
      className={classes(styles["field"], props.className)}
    >
      <div className={styles["head"]}>
        <Base.Label
          className={styles["label"]}
          nativeLabel={hasNativeLabel}
          {...(hasNativeLabel ? {} : { render: <div /> })}
        >
          {label}
        </Base.Label>
        {isChanged ? <Tag>changed</Tag> : null}
        {configKey === undefined ? null : <code className={styles["key"]}>{configKey}</code>}
      </div>
      {props.children}
      {hasError ? (
        <Base.Error match className={styles["error"]}>
          <OctagonX size={15} strokeWidth={2} aria-hidden />
          <span>{error}</span>
        </Base.Error>
      ) : null}
      {!hasError && help !== undefined ? (
        <Base.Description className={styles["help"]}>{help}</Base.Description>
      ) : null}
    </Base.Root>
  );
}
