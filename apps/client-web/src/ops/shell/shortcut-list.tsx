import { useState } from "react";
import { useMemo } from "react";
import { Dialog } from "../../ui/dialog.tsx";
import { words } from "../words.ts";
import { useShortcutList, useShortcuts } from "./shortcuts.tsx";
import styles from "./shortcut-list.module.css";

/** What `?` opens: every shortcut of what is on the screen. */
export function ShortcutList() {
  const [isOpen, setOpen] = useState(false);
  useShortcuts(
    useMemo(() => [{ keys: "?", title: words.shortcuts.list, run: () => setOpen(true) }], []),
  );
  const shortcuts = useShortcutList();
  return (
    <Dialog isOpen={isOpen} onClose={() => setOpen(false)} title={words.shortcuts.title}>
      <dl className={styles["list"]}>
        {shortcuts.map(({ keys, title }) => (
          <div key={`${keys} ${title}`} className={styles["row"]}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key} className={styles["key"]}>
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{title}</dd>
          </div>
        ))}
      </dl>
      <p className={styles["note"]}>{words.shortcuts.note}</p>
    </Dialog>
  );
}
