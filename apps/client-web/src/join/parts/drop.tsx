import { useEffect, useState } from "react";
import type { ChosenFolder } from "../../participant/index.ts";
import { droppedFolder } from "./chosen-folder.ts";
import styles from "./drop.module.css";

/** The whole page takes a file. */
export interface DropProps {
  /** "Drop the file anywhere" */
  readonly words: string;
  readonly onFile: (file: File) => void;
  /** Null: a folder counts as a file, which cannot be read. */
  readonly onFolder: ((folder: ChosenFolder) => void) | null;
}

/** Files that are dropped anywhere or pasted; shown only while one is dragged over the page. */
export function Drop({ words, onFile, onFolder }: DropProps) {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    const take = (files: FileList | undefined): boolean => {
      const file = files?.[0];
      if (file !== undefined) onFile(file);
      return file !== undefined;
    };
    const over = (event: DragEvent): void => {
      if (event.dataTransfer?.types.includes("Files") !== true) return;
      event.preventDefault();
      setOver(true);
    };
    window.addEventListener("dragenter", over, { signal });
    window.addEventListener("dragover", over, { signal });
    window.addEventListener(
      "dragleave",
      // Leaving the window, not an element in it.
      ({ relatedTarget }) => relatedTarget === null && setOver(false),
      { signal },
    );
    window.addEventListener(
      "drop",
      (event) => {
        event.preventDefault();
        setOver(false);
        const items = onFolder === null ? [] : (event.dataTransfer?.items ?? []);
        const folder = droppedFolder(items);
        if (folder === null || onFolder === null) take(event.dataTransfer?.files);
        // A folder that cannot be read comes to nothing, and may be chosen with the button.
        else folder.then(onFolder, () => undefined);
      },
      { signal },
    );
    window.addEventListener(
      "paste",
      (event) => {
        if (take(event.clipboardData?.files)) event.preventDefault();
      },
      { signal },
    );
    return () => controller.abort();
  }, [onFile, onFolder]);
  return isOver ? <div className={styles["drop"]}>{words}</div> : null;
}
