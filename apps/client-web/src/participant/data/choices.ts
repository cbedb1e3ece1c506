/** What is asked of a file, what its holder decides, and what a look at it finds. */
import type { ColumnMapping, FileFacts, FileProblem } from "../file-report.ts";
import type { WantedColumns } from "./guess-columns.ts";

/** What a run wants of a file. */
export interface WantedData extends WantedColumns {
  readonly minimumExamples: number;
  /** The largest file that can be used here. */
  readonly limitBytes: number;
}

/** A folder that was chosen: its files by their paths in it, with slashes. */
export interface ChosenFolder {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly file: File }[];
}

/** What the holder has decided about a file. */
export interface FileChoices {
  /** Null: as the organiser's hints say. */
  readonly mapping: ColumnMapping | null;
  /** The file's label to the run's. */
  readonly labels: Readonly<Record<string, string>>;
  readonly leavesOutUnknown: boolean;
}

/** Nothing decided. */
export const noChoices: FileChoices = { mapping: null, labels: {}, leavesOutUnknown: false };

/** What a look found; a file can be used when it has no problems. */
export interface CheckedFile {
  /** Null: it could not be read far enough. */
  readonly facts: FileFacts | null;
  readonly problems: readonly FileProblem[];
  /** The used rows as training reads them; null while there are problems. */
  readonly copy: Blob | null;
}
