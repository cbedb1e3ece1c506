import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import type { ReactNode } from "react";
import { useId } from "react";
import styles from "./radio-cards.module.css";

/** One of the cards. */
export interface RadioCard<Value extends string> {
  readonly value: Value;
  readonly title: ReactNode;
  /** What it does, in a line or two. */
  readonly text?: ReactNode;
  /** Its figures, quieter. */
  readonly meta?: ReactNode;
}

/** A choice that needs a few words each. */
export interface RadioCardsProps<Value extends string> {
  readonly label: string;
  readonly value: Value | null;
  readonly options: readonly RadioCard<Value>[];
  readonly onChange: (value: Value) => void;
}

/** Cards of which one is chosen. */
export function RadioCards<Value extends string>(props: RadioCardsProps<Value>) {
  const { label, value, options, onChange } = props;
  const id = useId();
  return (
    <RadioGroup
      aria-label={label}
      value={value}
      onValueChange={(next) => next !== null && onChange(next)}
      className={styles["group"]}
    >
      {options.map((option) => {
        const [title, rest] = [`${id}-${option.value}`, `${id}-${option.value}-rest`];
        return (
          <Radio.Root
            key={option.value}
            value={option.value}
            className={styles["card"]}
            aria-labelledby={title}
            aria-describedby={rest}
          >
            <span className={styles["dot"]} />
            <span id={title} className={styles["title"]}>
              {option.title}
            </span>
            <span id={rest} className={styles["rest"]}>
              {option.text === undefined ? null : (
                <span className={styles["text"]}>{option.text}</span>
              )}
              {option.meta === undefined ? null : (
                <span className={styles["meta"]}>{option.meta}</span>
              )}
            </span>
          </Radio.Root>
        );
      })}
    </RadioGroup>
  );
}
