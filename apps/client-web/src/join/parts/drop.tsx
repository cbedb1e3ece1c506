import { useEffect, useState } from "react";
import styles from "./drop.module.css";

/** The whole page takes a file. */
export interface DropProps {
  /** "Drop the file anywhere" */
  readonly words: string;
  readonly onFile: (file: File) => void;
}

/** Files that are dropped anywhere or pasted; shown only while one is dragged over the page. */
export function Drop({ words, onFile }: DropProps) {
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
        take(event.dataTransfer?.files);
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
  }, [onFile]);
  return isOver ? <div className={styles["drop"]}>{words}</div> : null;
}
