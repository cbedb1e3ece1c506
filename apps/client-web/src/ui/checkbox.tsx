import { Checkbox as Base } from "@base-ui/react/checkbox";
import { Field as BaseField } from "@base-ui/react/field";
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import styles from "./checkbox.module.css";

/** Something to tick. */
export interface CheckboxProps {
  readonly label: ReactNode;
  readonly isChecked: boolean;
  readonly onChange: (isChecked: boolean) => void;
  /** The label is heard and not seen, as in the rows of a table. */
  readonly isLabelHidden?: boolean | undefined;
  readonly isDisabled?: boolean | undefined;
}

/** A box to tick; nothing is ever ticked beforehand that gives something away. */
export function Checkbox(props: CheckboxProps) {
  const { label, isChecked, onChange, isLabelHidden = false, isDisabled = false } = props;
  const box = (
    <Base.Root
      checked={isChecked}
      onCheckedChange={onChange}
      disabled={isDisabled}
      className={styles["box"]}
      {...(isLabelHidden && typeof label === "string" ? { "aria-label": label } : {})}
    >
      <Base.Indicator className={styles["tick"]}>
        <Check size={14} strokeWidth={3} aria-hidden />
      </Base.Indicator>
    </Base.Root>
  );
  if (isLabelHidden) return <span className={styles["alone"]}>{box}</span>;
  return (
    <BaseField.Root disabled={isDisabled}>
      <BaseField.Label className={styles["row"]}>
        {box}
        <span>{label}</span>
      </BaseField.Label>
    </BaseField.Root>
  );
}
