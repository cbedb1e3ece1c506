import { Field as BaseField } from "@base-ui/react/field";
import { Switch as Base } from "@base-ui/react/switch";
import type { ReactNode } from "react";
import { iconSizes, type Icon } from "./icon.ts";
import styles from "./switch.module.css";

/** Something that is on or off, at once. */
export interface SwitchProps {
  readonly label: ReactNode;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
  readonly icon?: Icon | undefined;
  readonly help?: ReactNode;
  readonly isDisabled?: boolean | undefined;
  /** The switch before its label, as in forms; default: at the right end, as in lists of settings. */
  readonly isLeading?: boolean | undefined;
}

/** A switch with its label; it acts at once, without a button to confirm. */
export function Switch(props: SwitchProps) {
  const { label, isOn, onChange, icon: Drawn, help, isDisabled = false, isLeading = false } = props;
  return (
    <BaseField.Root className={styles["field"]} disabled={isDisabled}>
      <BaseField.Label className={styles["row"]} data-leading={isLeading || undefined}>
        {Drawn === undefined ? null : <Drawn {...iconSizes.button} aria-hidden />}
        <span className={styles["label"]}>{label}</span>
        <Base.Root checked={isOn} onCheckedChange={onChange} className={styles["track"]}>
          <Base.Thumb className={styles["thumb"]} />
        </Base.Root>
      </BaseField.Label>
      {help === undefined ? null : (
        <BaseField.Description className={styles["help"]}>{help}</BaseField.Description>
      )}
    </BaseField.Root>
  );
}
