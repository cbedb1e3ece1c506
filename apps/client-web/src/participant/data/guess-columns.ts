/** Which columns of a file are probably meant. */
import type { ColumnMapping, ColumnRole, FilePreview } from "../file-report.ts";
import { looksLikeChat } from "./chat.ts";

/** What an organiser expects columns to be called. */
export interface ColumnHints {
  readonly text: string;
  readonly textPair: string | null;
  readonly label: string;
}

/** A column that a run needs and a file does not have by that name. */
export interface MissingColumn {
  readonly role: ColumnRole;
  readonly wanted: string;
  /** Which one may be meant; null: nothing speaks for one. */
  readonly suggestion: string | null;
}

/** Columns that are there by name, or what is missing; then the holder decides. */
export type ColumnGuess =
  | { readonly mapping: ColumnMapping; readonly missing: readonly [] }
  | { readonly mapping: null; readonly missing: readonly MissingColumn[] };

/** What a run wants: rows with one of these labels, or with none of them a language model's texts. */
export interface WantedColumns {
  readonly hints: ColumnHints;
  readonly isLanguage: boolean;
  readonly labels: readonly string[];
}

/** Guesses from the names of columns, and from the first rows where these do not tell. */
export function guessColumns(preview: FilePreview, wanted: WantedColumns): ColumnGuess {
  return wanted.isLanguage ? guessTexts(preview, wanted.hints) : guessLabelled(preview, wanted);
}

function guessLabelled(preview: FilePreview, { hints, labels }: WantedColumns): ColumnGuess {
  const text = named(preview, [hints.text]);
  const label = named(preview, [hints.label]);
  const textPair = hints.textPair === null ? undefined : named(preview, [hints.textPair]);
  const isWhole = hints.textPair === null || textPair !== undefined;
  if (text !== undefined && label !== undefined && isWhole)
    return { mapping: { text, label, ...(textPair && { textPair }) }, missing: [] };
  const free = preview.columns.filter((column) => ![text, label, textPair].includes(column));
  const likeLabel = label ?? likeLabels(preview, free, labels);
  const likeText = longest(
    preview,
    free.filter((column) => column !== likeLabel),
  );
  return {
    mapping: null,
    missing: [
      ...(text === undefined ? [missing("text", hints.text, likeText)] : []),
      ...(isWhole ? [] : [missing("textPair", hints.textPair, undefined)]),
      ...(label === undefined ? [missing("label", hints.label, likeLabel)] : []),
    ],
  };
}

function missing(
  role: ColumnRole,
  wanted: string | null,
  suggestion: string | undefined,
): MissingColumn {
  return { role, wanted: wanted ?? "", suggestion: suggestion ?? null };
}

/** Under these names data sets of instructions keep what is read, and what is to be written. */
const prompts = ["prompt", "instruction", "question", "input"];
const completions = ["completion", "response", "answer", "output"];

/** Conversations, or a prompt with its completion, or one text; with a single column it is that one. */
function guessTexts(preview: FilePreview, { text: hint }: ColumnHints): ColumnGuess {
  const { columns, rows } = preview;
  const isChatColumn = (column: string): boolean =>
    rows.length > 0 && valuesOf(preview, column).every(looksLikeChat);
  const messages = columns.find(isChatColumn);
  if (messages !== undefined) return { mapping: { messages }, missing: [] };
  const [prompt, completion] = [named(preview, prompts), named(preview, completions)];
  if (prompt !== undefined && completion !== undefined)
    return { mapping: { prompt, completion }, missing: [] };
  const only = columns.length === 1 ? columns[0] : undefined;
  const text = named(preview, [hint]) ?? completion ?? only;
  if (text !== undefined) return { mapping: { completion: text }, missing: [] };
  return { mapping: null, missing: [missing("completion", hint, longest(preview, columns))] };
}

/** A column by one of these names, as it is written or but for capitals and blanks. */
function named({ columns }: FilePreview, wanted: readonly string[]): string | undefined {
  const plain = (name: string): string => name.trim().toLowerCase();
  const names = wanted.map(plain);
  return (
    columns.find((column) => wanted.includes(column)) ??
    columns.find((column) => names.includes(plain(column)))
  );
}

function valuesOf({ columns, rows }: FilePreview, column: string): readonly string[] {
  const place = columns.indexOf(column);
  return rows.map((row) => row[place] ?? "");
}

/** The column that holds nothing but the run's labels, or else has a name as labels have. */
function likeLabels(
  preview: FilePreview,
  columns: readonly string[],
  labels: readonly string[],
): string | undefined {
  const known = new Set(labels);
  const holdsLabels = (column: string): boolean => {
    const values = valuesOf(preview, column);
    return values.length > 0 && values.every((value) => known.has(value));
  };
  const names = /^(labels?|class|category|intent|target|kind|type)$/i;
  return columns.find(holdsLabels) ?? columns.find((column) => names.test(column.trim()));
}

function longest(preview: FilePreview, columns: readonly string[]): string | undefined {
  const size = (column: string): number =>
    valuesOf(preview, column).reduce((sum, value) => sum + value.length, 0);
  return columns.toSorted((a, b) => size(b) - size(a))[0];
}
