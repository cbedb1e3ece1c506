import type { ComponentProps } from "react";
import { classes } from "./classes.ts";
import { iconSizes, type Icon } from "./icon.ts";
import { Tooltip } from "./tooltip.tsx";
import styles from "./icon-button.module.css";

/** A button that is only an icon: its label is heard, and seen as a tooltip. */
export interface IconButtonProps extends Omit<ComponentProps<"button">, "children"> {
  readonly label: string;
  readonly icon: Icon;
  /** `small`: 28 px in the heads of cards; default: as high as controls. */
  readonly size?: "small" | "normal";
  /** For buttons that stay down. */
  readonly isPressed?: boolean;
}

/** An icon with a label. */
export function IconButton({
  label,
  icon: Drawn,
  size = "normal",
  isPressed,
  ...rest
}: IconButtonProps) {
  const { className, type = "button", ...native } = rest;
  return (
    <Tooltip text={label}>
      <button
        {...native}
        type={type}
        aria-label={label}
        aria-pressed={isPressed}
        className={classes(styles["button"], styles[size], className)}
      >
        <Drawn {...iconSizes.button} aria-hidden />
      </button>
    </Tooltip>
  );
}
