/** What training reads of a data file: the used rows with the used columns, as JSON Lines, and nothing else. */
import { fileData } from "@fedtune/training";
import type { FileData } from "@fedtune/training";

/** One used row; its label is one of the run's. */
export interface UsedRow {
  readonly text: string;
  readonly textPair: string | null;
  readonly label: string;
}

/** Rows on their way into a copy. */
export interface UsedRows {
  add(row: UsedRow): void;
  count(): number;
  blob(): Blob;
}

/** Characters that are gathered before the browser takes them. */
const PART_LENGTH = 1 << 20;

/** Starts an empty copy. */
export function usedRows(): UsedRows {
  const parts: Blob[] = [];
  let lines: string[] = [];
  let length = 0;
  let count = 0;
  const flush = (): void => {
    if (lines.length > 0) parts.push(new Blob(lines));
    lines = [];
    length = 0;
  };
  return {
    add({ text, textPair, label }) {
      const line = `${JSON.stringify(textPair === null ? { text, label } : { text, textPair, label })}\n`;
      lines.push(line);
      length += line.length;
      count += 1;
      if (length > PART_LENGTH) flush();
    },
    count: () => count,
    blob() {
      flush();
      return new Blob(parts, { type: "application/jsonl" });
    },
  };
}

/** The reference by which jobs name a copy. */
export function copyReference(
  path: string,
  { hasPairs }: { readonly hasPairs: boolean },
): FileData {
  const textPair = hasPairs ? "textPair" : null;
  return fileData({ kind: "file", path, format: "jsonl", text: "text", textPair, label: "label" });
}
