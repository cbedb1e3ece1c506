import { VisuallyHidden } from "../../ui/visually-hidden.tsx";
import { words } from "./words.ts";
import styles from "./people.module.css";

/** The head of a column of buttons: heard, not seen. */
export function ActionsHead() {
  return (
    <span className={styles["actionsHead"]}>
      <VisuallyHidden>{words.actions}</VisuallyHidden>
    </span>
  );
}
