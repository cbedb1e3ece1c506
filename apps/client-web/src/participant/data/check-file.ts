/**
 * A look at a data file before anything is done with it, with the readers that training uses: what is wrong is said at
 * once, and what training will read is copied out of it on the way.
 */
import { asFedtuneError, nearest } from "@fedtune/core";
import { formatOf, readRows } from "@fedtune/training";
import type { DataFormat } from "@fedtune/training";
import type {
  ColumnMapping,
  FileFacts,
  FilePreview,
  FileProblem,
  UnknownLabel,
} from "../file-report.ts";
import type { Problem } from "../invitation.ts";
import { problemOf } from "../problem.ts";
import { runningHash } from "../platform/hash.ts";
import { guessMapping, readHead } from "./columns.ts";
import type { ColumnHints } from "./columns.ts";
import type { CheckedFile, FileChoices, WantedData } from "./choices.ts";
import type { DataSource } from "./source.ts";
import { usedRows } from "./used-rows.ts";

/** How a look is followed and ended. */
export interface CheckControl {
  readonly signal: AbortSignal;
  readonly onProgress: (doneBytes: number) => void;
}

/** Labels that are told one by one. */
const MOST_UNKNOWN = 20;
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
  const { hints, labels } = wanted;
  const preview = await readHead(source, format);
  const guess = guessMapping(preview, { hints, labels });
  const mapping = choices.mapping ?? guess.mapping;
  const found = await readBody(reading, mapping, control);
  const facts: FileFacts = {
    ...{ name: source.name, bytes: source.bytes, format, preview, mapping },
    ...{ sha256: found.sha256, columns: preview.columns, rows: found.rows },
    ...{ usedRows: found.used, labels: found.labels, mappedLabels: choices.labels },
    leavesOutUnknown: choices.leavesOutUnknown,
  };
  const problems =
    mapping === null
      ? missingColumns(preview, hints, guess.suggestion)
      : rowProblems(found, { wanted, choices, name: source.name });
  return { facts, problems, copy: problems.length === 0 ? found.copy : null };
}

function missingColumns(
  { columns }: FilePreview,
  hints: ColumnHints,
  suggestion: Partial<ColumnMapping>,
): readonly FileProblem[] {
  const roles = ["text", "textPair", "label"] as const;
  const isThere = (wanted: string | null): boolean =>
    wanted === null ||
    columns.some((column) => column.trim().toLowerCase() === wanted.trim().toLowerCase());
  return roles.flatMap((role): FileProblem[] => {
    const wanted = hints[role];
    if (wanted === null || isThere(wanted)) return [];
    return [
      {
        ...{ kind: "column-missing", role, wanted, found: columns },
        suggestion: suggestion[role] ?? null,
      },
    ];
  });
}

/** What reading all rows found. */
interface Body {
  readonly sha256: string;
  readonly rows: number;
  readonly used: number;
  readonly labels: FileFacts["labels"];
  readonly unknown: readonly UnknownLabel[];
  readonly unknownRows: number;
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
  const columns =
    mapping === null
      ? []
      : [mapping.text, mapping.label, ...(mapping.textPair === null ? [] : [mapping.textPair])];
  const counts = new Map(wanted.labels.map((label) => [label, 0]));
  const unknown = new Map<string, { rows: number; line: number }>();
  const used = usedRows();
  let rows = 0;
  for await (const { line, values } of readRows(bytes, { path: source.name, format, columns })) {
    rows += 1;
    if (mapping === null) continue;
    const [text = "", own = "", textPair = null] = values;
    const label = Object.hasOwn(choices.labels, own) ? (choices.labels[own] ?? own) : own;
    const count = counts.get(label);
    if (count === undefined) {
      const first = unknown.get(own) ?? { rows: 0, line };
      unknown.set(own, { ...first, rows: first.rows + 1 });
      continue;
    }
    counts.set(label, count + 1);
    used.add({ text, textPair, label });
  }
  const perLabel = [...unknown].map(([label, first]) => ({ label, ...first }));
  return {
    ...{ sha256: hash.digest(), rows, used: used.count(), copy: used.blob() },
    labels: wanted.labels.map((label) => ({ label, rows: counts.get(label) ?? 0 })),
    unknown: perLabel
      .toSorted((a, b) => b.rows - a.rows || a.line - b.line)
      .slice(0, MOST_UNKNOWN)
      .map((found) => ({ ...found, nearest: nearest(found.label, wanted.labels) })),
    unknownRows: perLabel.reduce((sum, found) => sum + found.rows, 0),
  };
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
  { rows, used, unknown, unknownRows }: Body,
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
  if (unknownRows > 0 && !choices.leavesOutUnknown)
    problems.push({ kind: "labels-unknown", rows: unknownRows, labels: unknown });
  const least = Math.max(1, wanted.minimumExamples);
  if (used < least) problems.push({ kind: "too-few-rows", rows: used, wanted: least });
  return problems;
}
