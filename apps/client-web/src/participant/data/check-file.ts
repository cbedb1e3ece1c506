/**
 * A look at a data file before anything is done with it, with the readers that training uses: what is wrong is said at
 * once, and what training will read is copied out of it on the way.
 */
import { asFedtuneError } from "@fedtune/core";
import { formatOf, readRows } from "@fedtune/training";
import type { DataFormat } from "@fedtune/training";
import type {
  ColumnMapping,
  ColumnRole,
  FileFacts,
  FilePreview,
  FileProblem,
} from "../file-report.ts";
import type { Problem } from "../invitation.ts";
import { problemOf } from "../problem.ts";
import { runningHash } from "../platform/hash.ts";
import { checkChat } from "./chat.ts";
import type { CheckedFile, FileChoices, WantedData } from "./choices.ts";
import { readHead } from "./columns.ts";
import { guessColumns } from "./guess-columns.ts";
import type { MissingColumn } from "./guess-columns.ts";
import { labelTally } from "./label-tally.ts";
import type { LabelTally } from "./label-tally.ts";
import type { DataSource } from "./source.ts";
import { usedRows } from "./used-rows.ts";
import type { UsedRow } from "./used-rows.ts";

/** How a look is followed and ended. */
export interface CheckControl {
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number) => void;
}

const endings = /\.(csv|tsv|tab|jsonl|ndjson|txt)$/i;

/** Reads a file to its end. What is wrong with it is in the result; throws only when it is called off. */
export async function checkFile(
  source: DataSource,
  task: { readonly wanted: WantedData; readonly choices: FileChoices },
  control: CheckControl,
): Promise<CheckedFile> {
  const { limitBytes } = task.wanted;
  if (!endings.test(source.name)) return only(formatUnknown(source));
  if (source.bytes > limitBytes)
    return only({ kind: "too-large", bytes: source.bytes, limitBytes });
  const format = formatOf({ path: source.name, format: null });
  try {
    return await readAll({ source, format, ...task }, control);
  } catch (error) {
    control.signal.throwIfAborted();
    return only({ kind: "unreadable", error: problemOf(asFedtuneError(error, "file-unreadable")) });
  }
}

function only(problem: FileProblem): CheckedFile {
  return { facts: null, problems: [problem], copy: null };
}

/** A folder comes as a file without an ending. */
function formatUnknown({ name, bytes }: DataSource): FileProblem {
  return { kind: "format-unknown", name, isFolder: !name.includes(".") && bytes % 4096 === 0 };
}

interface Reading {
  readonly source: DataSource;
  readonly format: DataFormat;
  readonly wanted: WantedData;
  readonly choices: FileChoices;
}

async function readAll(reading: Reading, control: CheckControl): Promise<CheckedFile> {
  const { source, format, wanted, choices } = reading;
  const preview = await readHead(source, format);
  const guess = guessColumns(preview, wanted);
  const mapping = choices.mapping ?? guess.mapping;
  const found = await readBody(reading, mapping, control);
  const facts: FileFacts = {
    ...{ name: source.name, bytes: source.bytes, format, preview, mapping },
    ...{ sha256: found.sha256, columns: preview.columns, rows: found.rows },
    ...{ usedRows: found.used, labels: found.labels.counts(), mappedLabels: choices.labels },
    leavesOutUnknown: choices.leavesOutUnknown,
  };
  const problems =
    mapping === null
      ? guess.missing.map((one) => columnMissing(one, preview))
      : rowProblems(found, { wanted, choices, name: source.name });
  return { facts, problems, copy: problems.length === 0 ? found.copy : null };
}

function columnMissing(missing: MissingColumn, { columns: found }: FilePreview): FileProblem {
  return { kind: "column-missing", ...missing, found };
}

/** What reading all rows found. */
interface Body {
  readonly sha256: string;
  readonly rows: number;
  readonly used: number;
  readonly labels: LabelTally;
  readonly copy: Blob;
}

async function readBody(
  { source, format, wanted, choices }: Reading,
  mapping: ColumnMapping | null,
  { signal, onProgress }: CheckControl,
): Promise<Body> {
  const hash = runningHash();
  const bytes = watched(source.stream(), (chunk, done) => {
    signal.throwIfAborted();
    hash.add(chunk);
    onProgress(done);
  });
  const path = source.name;
  const roles = Object.keys(mapping ?? {}) as ColumnRole[];
  const columns = Object.values(mapping ?? {});
  const labels = labelTally(wanted.labels, choices.labels);
  const used = usedRows();
  let rows = 0;
  for await (const { line, values } of readRows(bytes, { path, format, columns })) {
    rows += 1;
    if (mapping === null) continue;
    const row: UsedRow = Object.fromEntries(roles.map((role, k) => [role, values[k] ?? ""]));
    if (row.messages !== undefined) checkChat(row.messages, { path, line });
    if (row.label === undefined) used.add(row);
    const label = row.label === undefined ? null : labels.read(row.label, line);
    if (label !== null) used.add({ ...row, label });
  }
  return { sha256: hash.digest(), rows, used: used.count(), copy: used.blob(), labels };
}

async function* watched(
  chunks: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array, done: number) => void,
): AsyncGenerator<Uint8Array> {
  let done = 0;
  for await (const chunk of chunks) {
    done += chunk.length;
    see(chunk, done);
    yield chunk;
  }
}

function rowProblems(
  { rows, used, labels }: Body,
  { wanted, choices, name }: Pick<Reading, "wanted" | "choices"> & { readonly name: string },
): readonly FileProblem[] {
  const problems: FileProblem[] = [];
  if (rows === 0) {
    const message = `Cannot use ${name}: it has no rows, expected at least 1`;
    const error: Problem = {
      ...{ code: "data-invalid", message, data: { path: name }, retryable: false },
    };
    return [{ kind: "unreadable", error }];
  }
  const unknown = labels.unknownRows();
  if (unknown > 0 && !choices.leavesOutUnknown)
    problems.push({ kind: "labels-unknown", rows: unknown, labels: labels.unknown() });
  const least = Math.max(1, wanted.minimumExamples);
  if (used < least) problems.push({ kind: "too-few-rows", rows: used, wanted: least });
  return problems;
}
