import type { RefObject } from "react";
import type { ChosenFolder } from "../../participant/index.ts";
import { pickedFolder } from "../parts/chosen-folder.ts";

/** The browser's own dialogue. */
export interface PickerProps {
  readonly picker: RefObject<HTMLInputElement | null>;
  readonly label: string;
  readonly isFolder: boolean;
  readonly onFile: (file: File) => void;
  readonly onFolder: (folder: ChosenFolder) => void;
}

/** Every browser has it, and React's types do not. */
const asksForFolder = { webkitdirectory: "" };

/** Asks for a file, or for a folder; opened by a click on it from elsewhere. */
export function Picker({ picker, label, isFolder, onFile, onFolder }: PickerProps) {
  const take = (files: readonly File[]) => {
    const [file] = files;
    const folder = isFolder ? pickedFolder(files) : null;
    if (folder !== null) onFolder(folder);
    else if (!isFolder && file !== undefined) onFile(file);
  };
  return (
    <input
      ref={picker}
      type="file"
      {...(isFolder ? asksForFolder : {})}
      accept={
        isFolder
          ? undefined
          : ".csv,.tsv,.tab,.jsonl,.ndjson,.txt,text/csv,text/tab-separated-values,application/jsonl"
      }
      aria-label={label}
      hidden
      onChange={({ currentTarget }) => {
        take([...(currentTarget.files ?? [])]);
        // The same file, chosen again after it was mended, is a change too.
        currentTarget.value = "";
      }}
    />
  );
}
