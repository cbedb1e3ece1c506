/** What is known of the chosen data file; all of it is read here and stays here. */
import type { Problem } from "./invitation.ts";

/**
 * What a column may hold. Runs of labels: a text, perhaps a second one, and its label. Language models: a text that is
 * learned and perhaps what comes before it, or a whole conversation.
 */
export type ColumnRole = "text" | "textPair" | "label" | "prompt" | "completion" | "messages";

/** Which columns of a file are used, by what they hold; roles that a file does not have are left out. */
export type ColumnMapping = Readonly<Partial<Record<ColumnRole, string>>>;

/** A label of the file that the run does not know. */
export interface UnknownLabel {
  readonly label: string;
  readonly rows: number;
  /** Line of the first such row, as editors count. */
  readonly line: number;
  /** The run's label that is spelt most alike; null: none is near. */
  readonly nearest: string | null;
}

/** A file among pictures that cannot be used: its name ends otherwise than theirs, or it cannot be decoded. */
export interface BrokenPicture {
  /** In the chosen folder. */
  readonly path: string;
  readonly reason: "ending" | "content";
}

/** A small picture to be shown. */
export interface Thumbnail {
  readonly label: string;
  /** Of the picture, in the chosen folder. */
  readonly path: string;
  readonly picture: Blob;
}

/** Something about a file that has to be settled before it can be used. */
export type FileProblem =
  /** A wanted column is not there; a mapping settles it. */
  | {
      readonly kind: "column-missing";
      readonly role: ColumnRole;
      readonly wanted: string;
      readonly found: readonly string[];
      readonly suggestion: string | null;
    }
  /** Rows whose label the run does not know; leaving them out or mapping their labels settles it. */
  | {
      readonly kind: "labels-unknown";
      readonly rows: number;
      readonly labels: readonly UnknownLabel[];
    }
  | { readonly kind: "too-few-rows"; readonly rows: number; readonly wanted: number }
  | { readonly kind: "too-large"; readonly bytes: number; readonly limitBytes: number }
  /** A folder without a picture in any of the folders in it. */
  | { readonly kind: "no-pictures"; readonly name: string }
  /** Files among the pictures that are none; `pictures` has the first of them. */
  | {
      readonly kind: "pictures-broken";
      readonly count: number;
      readonly pictures: readonly BrokenPicture[];
    }
  /** Neither comma- nor tab-separated text nor JSON Lines; `isFolder`: a folder, of images for example. */
  | {
      readonly kind: "format-unknown";
      readonly name: string;
      readonly isFolder: boolean;
    }
  /** The reader's own sentence, the same as on the command line: `error.data` has path, line and column. */
  | { readonly kind: "unreadable"; readonly error: Problem }
  /** The copy that this browser keeps is gone, or is no longer what it was: choose the file again. */
  | { readonly kind: "copy-lost" };

/** The first rows of a file, all columns that hold text. */
export interface FilePreview {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** How many rows have one of the run's labels. */
export interface LabelCount {
  readonly label: string;
  readonly rows: number;
}

/** A file that was read from end to end, or a folder of pictures: these are its rows, and folders in it their labels. */
export interface FileFacts {
  readonly name: string;
  readonly bytes: number;
  /** SHA-256 of its content: whose privacy record is charged. */
  readonly sha256: string;
  readonly format: "csv" | "tsv" | "jsonl" | "pictures";
  /** A few pictures of each label; absent: a table. */
  readonly thumbnails?: readonly Thumbnail[];
  readonly columns: readonly string[];
  readonly preview: FilePreview;
  /** Null: no guess could be made, or pictures have no columns. */
  readonly mapping: ColumnMapping | null;
  readonly rows: number;
  /** Rows that training will use: all that are not left out. */
  readonly usedRows: number;
  /** In the run's order, zeros included. */
  readonly labels: readonly LabelCount[];
  /** Labels that the holder mapped to the run's; empty object: none. */
  readonly mappedLabels: Readonly<Record<string, string>>;
  readonly leavesOutUnknown: boolean;
}

/** The data file on its way to be usable. */
export type FileState =
  | { readonly kind: "none" }
  | {
      readonly kind: "reading";
      readonly name: string;
      readonly bytes: number;
      readonly doneBytes: number;
    }
  /** `facts` null: it could not be read far enough. Problems are in order of urgency, never empty. */
  | {
      readonly kind: "problem";
      readonly name: string;
      readonly facts: FileFacts | null;
      readonly problems: readonly FileProblem[];
    }
  | { readonly kind: "usable"; readonly facts: FileFacts };
