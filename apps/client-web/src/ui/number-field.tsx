import { NumberField as Base } from "@base-ui/react/number-field";
import type { ReactNode } from "react";
import { Field, type FieldLook } from "./field.tsx";
import styles from "./input.module.css";

/** A field for a number. */
export interface NumberFieldProps extends FieldLook {
  /** Null: empty. */
  readonly value: number | null;
  readonly onChange: (value: number | null) => void;
  readonly onBlur?: (() => void) | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Of the arrow keys; "any" by default. */
  readonly step?: number | "any" | undefined;
  /** At the right, inside of the box. */
  readonly unit?: ReactNode;
  readonly name?: string | undefined;
  readonly isRequired?: boolean | undefined;
}

/** Written as it stands in a config: a point, no thousands, every digit. */
const format = { useGrouping: false, maximumFractionDigits: 20 } as const;

/** A number, by typing or with the arrow keys; a value outside of its range is kept and told by the field's error. */
export function NumberField(props: NumberFieldProps) {
  const { value, onChange, unit, min, max, step = "any" } = props;
  return (
    <Field {...props}>
      <Base.Root
        value={value}
        onValueChange={onChange}
        allowOutOfRange
        disabled={props.isDisabled ?? false}
        required={props.isRequired ?? false}
        step={step}
        locale="en-GB"
        format={format}
        {...(min === undefined ? {} : { min })}
        {...(max === undefined ? {} : { max })}
        {...(props.name === undefined ? {} : { name: props.name })}
      >
        <Base.Group className={styles["box"]}>
          <Base.Input className={styles["input"]} onBlur={props.onBlur} />
          {unit === undefined ? null : <span className={styles["unit"]}>{unit}</span>}
        </Base.Group>
      </Base.Root>
    </Field>
  );
}
