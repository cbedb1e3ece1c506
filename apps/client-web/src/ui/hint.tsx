import { Popover } from "@base-ui/react/popover";
import type { ReactNode } from "react";
import styles from "./hint.module.css";

/** An explanation that opens on a tap or a key, for people without a mouse too. */
export interface HintProps {
  /** The words to press: "Why". */
  readonly label: ReactNode;
  /** The explanation. */
  readonly children: ReactNode;
}

/** A word that explains itself when it is pressed. */
export const Hint = ({ label, children }: HintProps) => (
  <Popover.Root>
    <Popover.Trigger className={styles["word"]}>{label}</Popover.Trigger>
    <Popover.Portal>
      <Popover.Positioner sideOffset={6} className={styles["place"]}>
        <Popover.Popup className={styles["popup"]}>
          <Popover.Description render={<div />}>{children}</Popover.Description>
        </Popover.Popup>
      </Popover.Positioner>
    </Popover.Portal>
  </Popover.Root>
);
