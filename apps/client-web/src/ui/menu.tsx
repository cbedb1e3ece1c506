import { Menu as Base } from "@base-ui/react/menu";
import type { ReactElement, ReactNode } from "react";
import { classes } from "./classes.ts";
import { iconSizes, type Icon } from "./icon.ts";
import styles from "./menu.module.css";

/** Something to do. */
export interface MenuItem {
  readonly label: ReactNode;
  readonly icon?: Icon | undefined;
  /** Quieter, at the right: a size, a shortcut. */
  readonly detail?: ReactNode;
  readonly onSelect: () => void;
  readonly isDisabled?: boolean;
  /** Cannot be undone; set apart by a line. */
  readonly isDangerous?: boolean;
}

/** A list of actions behind a button. */
export interface MenuProps {
  /** A `Button` or an `IconButton`'s button. */
  readonly trigger: ReactElement<Record<string, unknown>>;
  readonly items: readonly MenuItem[];
  readonly align?: "start" | "end";
}

/** Actions behind a button. */
export const Menu = ({ trigger, items, align = "end" }: MenuProps) => (
  <Base.Root modal={false}>
    <Base.Trigger render={trigger} />
    <Base.Portal>
      <Base.Positioner className={styles["place"]} sideOffset={4} align={align}>
        <Base.Popup className={styles["popup"]}>
          {items.map((item, index) => (
            <Base.Item
              // Items have no identity but their place.
              key={index}
              className={classes(styles["item"], item.isDangerous && styles["danger"])}
              disabled={item.isDisabled ?? false}
              onClick={item.onSelect}
            >
              {item.icon === undefined ? null : <item.icon {...iconSizes.button} aria-hidden />}
              <span className={styles["label"]}>{item.label}</span>
              {item.detail === undefined ? null : (
                <span className={styles["detail"]}>{item.detail}</span>
              )}
            </Base.Item>
          ))}
        </Base.Popup>
      </Base.Positioner>
    </Base.Portal>
  </Base.Root>
);
