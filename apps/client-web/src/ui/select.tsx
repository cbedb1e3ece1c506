import { Select as Base } from "@base-ui/react/select";
import { Check, ChevronDown } from "lucide-react";
import type { ReactNode } from "react";
import { Field, type FieldLook } from "./field.tsx";
import { classes } from "./classes.ts";
import { iconSizes } from "./icon.ts";
import input from "./input.module.css";
import styles from "./select.module.css";

/** One of the things to choose from. */
export interface SelectOption<Value extends string> {
  readonly value: Value;
  readonly label: string;
  /** A second, quieter line. */
  readonly detail?: string | undefined;
}

/** A choice of one out of many. */
export interface SelectProps<Value extends string> extends FieldLook {
  /** Null: nothing is chosen yet. */
  readonly value: Value | null;
  readonly options: readonly SelectOption<Value>[];
  readonly onChange: (value: Value) => void;
  /** Shown while nothing is chosen: "Choose a column". */
  readonly placeholder?: ReactNode;
  readonly name?: string | undefined;
}

/** One out of a list that opens; for up to five short options `Segmented` is quicker. */
export function Select<Value extends string>(props: SelectProps<Value>) {
  const { value, options, onChange, placeholder } = props;
  return (
    <Field {...props} hasNativeLabel={false}>
      <Base.Root
        items={options}
        value={value}
        onValueChange={(next) => {
          if (next !== null) onChange(next);
        }}
        disabled={props.isDisabled ?? false}
        {...(props.name === undefined ? {} : { name: props.name })}
      >
        <Base.Trigger className={classes(input["box"], styles["trigger"])}>
          <Base.Value className={styles["value"]} placeholder={placeholder ?? "Choose"} />
          <Base.Icon className={styles["arrow"]}>
            <ChevronDown {...iconSizes.button} aria-hidden />
          </Base.Icon>
        </Base.Trigger>
        <Base.Portal>
          <Base.Positioner className={styles["place"]} sideOffset={4} alignItemWithTrigger={false}>
            <Base.Popup className={styles["popup"]}>
              <Base.List className={styles["list"]}>
                {options.map((option) => (
                  <Option key={option.value} option={option} />
                ))}
              </Base.List>
            </Base.Popup>
          </Base.Positioner>
        </Base.Portal>
      </Base.Root>
    </Field>
  );
}

const Option = ({ option }: { readonly option: SelectOption<string> }) => (
  <Base.Item value={option.value} className={styles["option"]}>
    <Base.ItemIndicator className={styles["chosen"]}>
      <Check {...iconSizes.text} aria-hidden />
    </Base.ItemIndicator>
    <Base.ItemText className={styles["label"]}>{option.label}</Base.ItemText>
    {option.detail === undefined ? null : <span className={styles["detail"]}>{option.detail}</span>}
  </Base.Item>
);
