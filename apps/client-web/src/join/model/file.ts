/** Step 2: the chosen file as its page shows it. */
import { formatCount, formatDecimal, formatPercent } from "@fedtune/figures";
import type {
  ColumnMapping,
  ColumnRole,
  FileFacts,
  FileState,
  Invitation,
  Road,
  Thumbnail,
} from "../../participant/index.ts";
import { fileWordsOf } from "../words/data-words.ts";
import type { FileWords } from "../words/data-words.ts";
import { fileWords } from "../words/file.ts";
import { fill } from "../words/fill.ts";
import { inNumber, nounsOf } from "../words/nouns.ts";
import { problemViews } from "./file-problems.ts";
import type { ProblemView } from "./file-problems.ts";
import { roleNames } from "./columns.ts";
import { bytesText, isLanguage, readsPictures, runSlots } from "./run-words.ts";

/** A column of the preview. */
export interface PreviewColumn {
  readonly name: string;
  /** Shown above the name; null: not used. */
  readonly role: string | null;
}

/** The first rows. */
export interface PreviewView {
  readonly caption: string;
  readonly columns: readonly PreviewColumn[];
  readonly rows: readonly (readonly string[])[];
}

/** A few pictures. */
export interface PicturesView {
  readonly caption: string;
  readonly shown: readonly Thumbnail[];
}

/** A choice of a column. */
export interface MappingField {
  readonly role: ColumnRole;
  readonly label: string;
  readonly value: string | null;
  /** Whether a file may do without. */
  readonly isOptional: boolean;
  readonly options: readonly string[];
}

/** How often a label occurs, with its share of the most frequent one. */
export interface LabelBar {
  readonly label: string;
  readonly count: string;
  readonly share: number;
}

/** The file itself. */
export interface FileView {
  readonly name: string;
  readonly facts: string;
  /** Null: it is a folder of pictures. */
  readonly preview: PreviewView | null;
  /** Null: it is a table. */
  readonly pictures: PicturesView | null;
  readonly mapping: readonly MappingField[];
  readonly labels: readonly LabelBar[];
  /** Rows and labels that were set aside or mapped; empty: none. */
  readonly remarks: readonly string[];
}

/** Step 2. */
export interface FilePageView {
  readonly state: FileState["kind"];
  /** Whether a folder of pictures is wanted, and not a table. */
  readonly isFolder: boolean;
  /** What follows from that. */
  readonly words: FileWords;
  readonly title: string;
  readonly lead: string;
  /** What this run needs of a file. */
  readonly needs: readonly string[];
  readonly wantedLabels: readonly string[];
  readonly reading: { readonly name: string; readonly text: string; readonly share: number } | null;
  readonly problems: readonly ProblemView[];
  readonly file: FileView | null;
  readonly canGoOn: boolean;
}

/** Rows that a preview shows. */
const previewRows = 5;

/** Step 2 as its page shows it. */
export function filePageView({ file, invitation }: Road): FilePageView {
  const slots = runSlots(invitation);
  const isFolder = readsPictures(invitation);
  const words = fileWordsOf(isFolder);
  const facts = file.kind === "problem" || file.kind === "usable" ? file.facts : null;
  return {
    ...{ state: file.kind, isFolder, words, lead: words.lead },
    title: titleOf(file, words, slots.subjects),
    needs: needsOf(invitation, words),
    wantedLabels: invitation.labels,
    reading: file.kind === "reading" ? readingView(file) : null,
    problems:
      file.kind === "problem" ? problemViews(file.problems, { invitation, facts: file.facts }) : [],
    file: facts === null ? null : fileView(facts, invitation),
    canGoOn: file.kind === "usable",
  };
}

function titleOf(file: FileState, words: FileWords, subjects: string): string {
  if (file.kind === "usable") return words.titleUsable;
  return file.kind === "problem" ? words.titleProblem : fill(words.title, { subjects });
}

function needsOf(invitation: Invitation, words: FileWords): readonly string[] {
  const { dataColumns, labels, minimumExamples } = invitation;
  const slots = runSlots(invitation);
  const count = formatCount(labels.length);
  return [
    fill(words.needsText, slots),
    ...(dataColumns.textPair === null || readsPictures(invitation)
      ? []
      : [fill(fileWords.needsPair, slots)]),
    ...(isLanguage(invitation)
      ? [fileWords.needsPrompt, fileWords.needsChat]
      : [fill(words.needsLabel, { count })]),
    ...(minimumExamples > 1
      ? [fill(fileWords.needsRows, { ...slots, count: formatCount(minimumExamples) })]
      : []),
  ];
}

function readingView(file: Extract<FileState, { kind: "reading" }>) {
  const { name, bytes, doneBytes } = file;
  const share = bytes === 0 ? 1 : Math.min(1, doneBytes / bytes);
  const text = fill(fileWords.readingText, {
    bytes: bytesText(doneBytes),
    total: bytesText(bytes),
  });
  return { name, text, share };
}

function fileView(facts: FileFacts, invitation: Invitation): FileView {
  const { subject } = nounsOf(invitation);
  const subjects = inNumber(facts.rows, subject);
  const rows = formatCount(facts.rows);
  return {
    name: facts.name,
    facts: fill(fileWords.facts, { rows, subjects, bytes: bytesText(facts.bytes) }),
    ...shownOf(facts, { rows, subjects }),
    mapping: facts.format === "pictures" ? [] : mappingFields(facts, invitation),
    labels: labelBars(facts),
    remarks: remarksOf(facts, invitation),
  };
}

/** The first rows of a table, or a few pictures. */
function shownOf(
  facts: FileFacts,
  slots: { readonly rows: string; readonly subjects: string },
): Pick<FileView, "preview" | "pictures"> {
  const { format, thumbnails = [] } = facts;
  const words = fileWordsOf(format === "pictures");
  const caption = (shown: number): string =>
    fill(words.preview, { ...slots, shown: formatCount(shown) });
  if (format === "pictures")
    return { preview: null, pictures: { caption: caption(thumbnails.length), shown: thumbnails } };
  const rows = Math.min(previewRows, facts.preview.rows.length);
  return { preview: previewOf(facts, caption(rows)), pictures: null };
}

function previewOf({ preview, mapping }: FileFacts, caption: string): PreviewView {
  const used = Object.entries(mapping ?? {}) as [ColumnRole, string][];
  const roles = new Map(used.map(([role, column]) => [column, roleNames[role]]));
  const columns = preview.columns.map((name) => ({ name, role: roles.get(name) ?? null }));
  return { caption, columns, rows: preview.rows.slice(0, previewRows) };
}

function mappingFields(
  { columns: options, mapping }: FileFacts,
  invitation: Invitation,
): readonly MappingField[] {
  return rolesOf(invitation, mapping).map((role) => ({
    ...{ role, label: roleNames[role], value: mapping?.[role] ?? null, options },
    isOptional: role === "prompt",
  }));
}

/** Roles that columns of a file may have in a run. */
function rolesOf(invitation: Invitation, mapping: ColumnMapping | null): readonly ColumnRole[] {
  if (isLanguage(invitation))
    return mapping?.messages === undefined ? ["prompt", "completion"] : ["messages"];
  const isPair = invitation.dataColumns.textPair !== null || mapping?.textPair !== undefined;
  return isPair ? ["text", "textPair", "label"] : ["text", "label"];
}

function labelBars({ labels }: FileFacts): readonly LabelBar[] {
  const most = Math.max(1, ...labels.map(({ rows }) => rows));
  return labels.map(({ label, rows }) => ({
    label,
    count: rows === 0 ? fileWords.countsNone : formatCount(rows),
    share: rows / most,
  }));
}

function remarksOf(facts: FileFacts, invitation: Invitation): readonly string[] {
  const left = facts.rows - facts.usedRows;
  const subjects = inNumber(left, nounsOf(invitation).subject);
  const mapped = Object.entries(facts.mappedLabels);
  return [
    ...(left > 0 && facts.leavesOutUnknown
      ? [fill(fileWords.leftOut, { count: formatCount(left), subjects })]
      : []),
    ...mapped.map(([from, to]) => fill(fileWords.mapped, { from, to })),
  ];
}

/** The mapping after one field of it was changed; null while one is still missing. */
export function changedMapping(
  fields: readonly MappingField[],
  change: { readonly role: ColumnRole; readonly column: string | null },
): ColumnMapping | null {
  const chosen = fields.map((field) =>
    field.role === change.role ? { ...field, value: change.column } : field,
  );
  if (chosen.some(({ value, isOptional }) => value === null && !isOptional)) return null;
  return Object.fromEntries(
    chosen.flatMap(({ role, value }) => (value === null ? [] : [[role, value]])),
  );
}

/** Per cent without decimals, for progress: `64 %`. */
export const wholePercent = (share: number): string => formatPercent(share, 0);

/** A rate with the digits that mean something: `9.4`, `0.31`. */
export const rateText = (rate: number): string => formatDecimal(rate, rate < 0.995 ? 2 : 1);
