import { FolderOpen, Upload } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { ChangeEvent, RefObject } from "react";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { useNotify } from "../../ui/notices.tsx";
import { LoadError } from "../shell/load-error.tsx";
import { filesOfDrop, filesOfInput } from "./dropped-files.ts";
import type { DroppedFile } from "./dropped-files.ts";
import { readDropped } from "./read-dropped.ts";
import { useAddSimulations } from "./use-simulations.ts";
import styles from "./simulations.module.css";

/** Takes results of simulations: a folder, files, or a drop anywhere on the page. */
export function DropPlace() {
  const notify = useNotify();
  const [failure, setFailure] = useState<unknown>(null);
  const { mutateAsync: add, isPending } = useAddSimulations();
  const take = async (files: readonly DroppedFile[]): Promise<void> => {
    try {
      setFailure(null);
      const made = await add(await readDropped(files));
      notify(made.length === 1 ? "1 simulation added" : `${made.length} simulations added`);
    } catch (error) {
      setFailure(error);
    }
  };
  const isOver = useDrop((transfer) => {
    void filesOfDrop(transfer).then(take);
  });
  return (
    <Card>
      <div className={styles["drop"]} data-over={isOver || undefined}>
        <Upload size={18} strokeWidth={1.8} aria-hidden />
        <p className={styles["dropText"]}>
          {isOver
            ? "Drop the folder anywhere"
            : "Drop a folder that fedtune simulate --out wrote, or what --json printed"}
        </p>
        <Choose
          isFolder
          label="Choose a folder"
          isBusy={isPending}
          onFiles={(files) => void take(files)}
        />
        <Choose
          isFolder={false}
          label="Choose files"
          isBusy={isPending}
          onFiles={(files) => void take(files)}
        />
      </div>
      {failure === null ? null : <LoadError title="Nothing was added" error={failure} isUrgent />}
    </Card>
  );
}

interface ChooseProps {
  readonly isFolder: boolean;
  readonly label: string;
  readonly isBusy: boolean;
  readonly onFiles: (files: readonly DroppedFile[]) => void;
}

function Choose({ isFolder, label, isBusy, onFiles }: ChooseProps) {
  const input = useRef<HTMLInputElement>(null);
  useFolderInput(input, isFolder);
  const changed = (event: ChangeEvent<HTMLInputElement>): void => {
    onFiles(filesOfInput(event.target.files));
    event.target.value = "";
  };
  return (
    <>
      <Button icon={FolderOpen} isBusy={isBusy} onClick={() => input.current?.click()}>
        {label}
      </Button>
      <input ref={input} type="file" multiple hidden aria-label={label} onChange={changed} />
    </>
  );
}

/** React has no name for this attribute. */
function useFolderInput(input: RefObject<HTMLInputElement | null>, isFolder: boolean): void {
  useEffect(() => {
    if (isFolder) input.current?.setAttribute("webkitdirectory", "");
  }, [input, isFolder]);
}

/** Whether something is being dragged over the page; what is dropped on it goes to `onDrop`. */
function useDrop(onDrop: (transfer: DataTransfer) => void): boolean {
  const [isOver, setOver] = useState(false);
  const latest = useRef(onDrop);
  useEffect(() => {
    latest.current = onDrop;
  });
  useEffect(() => {
    const over = (event: DragEvent): void => {
      event.preventDefault();
      setOver(true);
    };
    const leave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setOver(false);
    };
    const drop = (event: DragEvent): void => {
      event.preventDefault();
      setOver(false);
      if (event.dataTransfer !== null) latest.current(event.dataTransfer);
    };
    const events = { dragover: over, dragleave: leave, drop };
    for (const [name, listener] of Object.entries(events))
      addEventListener(name as keyof typeof events, listener);
    return () => {
      for (const [name, listener] of Object.entries(events))
        removeEventListener(name as keyof typeof events, listener);
    };
  }, []);
  return isOver;
}
