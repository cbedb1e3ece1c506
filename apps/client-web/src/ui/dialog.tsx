import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { classes } from "./classes.ts";
import { IconButton } from "./icon-button.tsx";
import styles from "./dialog.module.css";

/** Something to look at above the page. */
export interface DialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly title: ReactNode;
  /** `large`: nearly the whole window, for an enlarged chart. */
  readonly size?: "normal" | "large";
  readonly children: ReactNode;
}

/** A window above the page, closed by Escape, by its button, or by a press beside it. */
export const Dialog = ({ isOpen, onClose, title, size = "normal", children }: DialogProps) => (
  <Base.Root open={isOpen} onOpenChange={(next) => (next ? undefined : onClose())}>
    <Base.Portal>
      <Base.Backdrop className={styles["backdrop"]} />
      <Base.Popup className={classes(styles["popup"], styles[size])}>
        <header className={styles["head"]}>
          <Base.Title className={styles["title"]}>{title}</Base.Title>
          <IconButton label="Close" icon={X} size="small" onClick={onClose} />
        </header>
        {children}
      </Base.Popup>
    </Base.Portal>
  </Base.Root>
);
