import { Radio } from "@base-ui/react/radio";
import { RadioGroup } from "@base-ui/react/radio-group";
import type { ReactNode } from "react";
import { classes } from "./classes.ts";
import { iconSizes, type Icon } from "./icon.ts";
import styles from "./segmented.module.css";

/** One of the segments. */
export interface Segment<Value extends string> {
  readonly value: Value;
  readonly label: ReactNode;
  readonly icon?: Icon | undefined;
}

/** A choice of one out of a few, all of them seen. */
export interface SegmentedProps<Value extends string> {
  /** What is chosen, for those who do not see the place ("Scale"). */
  readonly label: string;
  readonly value: Value;
  readonly options: readonly Segment<Value>[];
  readonly onChange: (value: Value) => void;
  /** `small`: in the heads of charts. */
  readonly size?: "small" | "normal";
  /** As wide as its place, segments of equal width. */
  readonly isWide?: boolean;
}

/** Segments of which one is chosen; arrow keys move the choice. */
export function Segmented<Value extends string>(props: SegmentedProps<Value>) {
  const { label, value, options, onChange, size = "normal", isWide = false } = props;
  const look = classes(styles["group"], styles[size], isWide && styles["wide"]);
  return (
    <RadioGroup aria-label={label} value={value} onValueChange={onChange} className={look}>
      {options.map(({ value: option, label: words, icon: Drawn }) => (
        <Radio.Root key={option} value={option} className={styles["segment"]}>
          {Drawn === undefined ? null : <Drawn {...iconSizes.text} aria-hidden />}
          {words}
        </Radio.Root>
      ))}
    </RadioGroup>
  );
}
