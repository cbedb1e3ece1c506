/** What training reads of a data file: the used rows with the used columns, as JSON Lines, and nothing else. */
import { fileData } from "@fedtune/training";
import type { FileData } from "@fedtune/training";
import type { ColumnMapping, ColumnRole } from "../file-report.ts";

/** One used row: its texts by what they are; a label is one of the run's. */
export type UsedRow = Readonly<Partial<Record<ColumnRole, string>>>;

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
    add(row) {
      const line = `${JSON.stringify(row)}\n`;
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

/** The reference by which jobs name a copy: its columns are called after what they hold. */
export function copyReference(path: string, mapping: ColumnMapping): FileData {
  const named = (role: ColumnRole): ColumnRole | null =>
    mapping[role] === undefined ? null : role;
  const file = { kind: "file", path, format: "jsonl" } as const;
  if (mapping.label !== undefined)
    return fileData({ ...file, text: "text", textPair: named("textPair"), label: "label" });
  // Without a prompt the whole text is learned, which is called `text` there.
  const completion = named("prompt") === null ? null : "completion";
  return fileData({ ...file, text: "completion", completion, messages: named("messages") });
}
