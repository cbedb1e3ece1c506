import { AlertDialog as Base } from "@base-ui/react/alert-dialog";
import { useRef, type ReactNode } from "react";
import { Button } from "./button.tsx";
import { classes } from "./classes.ts";
import styles from "./dialog.module.css";

/** A question before something that cannot be undone. */
export interface ConfirmDialogProps {
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  /** "Stop this run?" */
  readonly title: ReactNode;
  /** The effect in numbers, and what stays. */
  readonly effect: ReactNode;
  /** On the button: "Stop run". */
  readonly verb: string;
  /** On the safe button; default "Cancel". */
  readonly safeVerb?: string;
  readonly isBusy?: boolean;
  /** Further questions, or why it did not work. */
  readonly children?: ReactNode;
}

/** Asks once, with the focus on the safe answer; a press beside it is no answer. */
export function ConfirmDialog(props: ConfirmDialogProps) {
  const { isOpen, onClose, onConfirm, title, effect, verb, isBusy = false, children } = props;
  const safe = useRef<HTMLButtonElement>(null);
  return (
    <Base.Root open={isOpen} onOpenChange={(next) => (next ? undefined : onClose())}>
      <Base.Portal>
        <Base.Backdrop className={styles["backdrop"]} />
        <Base.Popup className={classes(styles["popup"], styles["normal"])} initialFocus={safe}>
          <header className={styles["head"]}>
            <Base.Title className={styles["title"]}>{title}</Base.Title>
          </header>
          <Base.Description className={styles["text"]} render={<div />}>
            {effect}
          </Base.Description>
          {children}
          <div className={styles["actions"]}>
            <Button ref={safe} onClick={onClose}>
              {props.safeVerb ?? "Cancel"}
            </Button>
            <Button kind="danger" isBusy={isBusy} onClick={onConfirm}>
              {verb}
            </Button>
          </div>
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
