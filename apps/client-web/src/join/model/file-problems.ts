/** What may be wrong with a file, each with what to do about it. */
import { formatCount } from "@fedtune/figures";
import type {
  ColumnMapping,
  FileFacts,
  FileProblem,
  Invitation,
  UnknownLabel,
} from "../../participant/index.ts";
import { problemWords } from "../words/file.ts";
import { fill } from "../words/fill.ts";
import { inNumber, nounsOf } from "../words/nouns.ts";
import { contactLink } from "./messages.ts";
import { bytesText, runSlots } from "./run-words.ts";

/** What a problem offers. */
export type ProblemOffer =
  | {
      readonly kind: "choose-column";
      readonly role: "text" | "label";
      readonly options: readonly string[];
      readonly suggestion: string | null;
      readonly label: string;
      readonly button: string;
    }
  | {
      readonly kind: "labels";
      readonly leaveOut: string;
      readonly unknown: readonly LabelQuestion[];
      /** The run's own. */
      readonly labels: readonly string[];
    }
  | { readonly kind: "choose-file"; readonly button: string }
  | { readonly kind: "link"; readonly button: string; readonly href: string }
  | { readonly kind: "command"; readonly button: string; readonly command: string };

/** An unknown label and what it may mean. */
export interface LabelQuestion {
  readonly label: string;
  readonly field: string;
  readonly nearest: string | null;
}

/** A problem as the page shows it. */
export interface ProblemView {
  readonly kind: FileProblem["kind"];
  readonly title: string;
  readonly text: string;
  readonly offers: readonly ProblemOffer[];
}

/** What a problem is about. */
interface About {
  readonly invitation: Invitation;
  readonly facts: FileFacts | null;
}

const chooseOther: ProblemOffer = { kind: "choose-file", button: problemWords.chooseOther };

/** A problem in words. */
export function problemView(problem: FileProblem, about: About): ProblemView {
  const { kind } = problem;
  switch (problem.kind) {
    case "column-missing":
      return { kind, ...columnMissing(problem) };
    case "labels-unknown":
      return { kind, ...labelsUnknown(problem, about) };
    case "too-few-rows":
      return { kind, ...tooFewRows(problem, about) };
    case "too-large":
      return {
        kind,
        title: problemWords.largeTitle,
        text: fill(problemWords.largeText, {
          bytes: bytesText(problem.bytes),
          limit: bytesText(problem.limitBytes),
        }),
        offers: [
          chooseOther,
          {
            kind: "command",
            button: problemWords.largeHow,
            command: fill(problemWords.largeCommand, { file: about.facts?.name ?? "data.csv" }),
          },
        ],
      };
    case "format-unknown": {
      const [title, text] = problem.isFolder
        ? [problemWords.folderTitle, problemWords.folderText]
        : [problemWords.kindTitle, problemWords.kindText];
      return { kind, title, text: fill(text, { file: problem.name }), offers: [chooseOther] };
    }
    case "unreadable":
      return { kind, ...unreadable(problem) };
    case "copy-lost":
      return {
        kind,
        title: problemWords.copyTitle,
        text: problemWords.copyText,
        offers: [{ kind: "choose-file", button: problemWords.copyChoose }],
      };
  }
}

type Words = Omit<ProblemView, "kind">;

function columnMissing(problem: Extract<FileProblem, { kind: "column-missing" }>): Words {
  const { role, wanted, found, suggestion } = problem;
  const meaning = role === "text" ? problemWords.meaningText : problemWords.meaningLabel;
  return {
    title: fill(problemWords.columnTitle, { column: wanted }),
    text: fill(problemWords.columnText, { found: found.join(", "), meaning }),
    offers: [
      {
        kind: "choose-column",
        role,
        options: found,
        suggestion,
        label: problemWords.columnField,
        button: problemWords.columnUse,
      },
      chooseOther,
    ],
  };
}

function labelsUnknown(
  { rows, labels }: Extract<FileProblem, { kind: "labels-unknown" }>,
  { invitation, facts }: About,
): Words {
  const { subject } = nounsOf(invitation);
  const all = facts?.rows ?? rows;
  const counts = { rows: formatCount(all), subjects: inNumber(all, subject) };
  const first = labels[0];
  const where = { label: first?.label ?? "", line: formatCount(first?.line ?? 0) };
  return {
    title:
      rows === 1
        ? fill(problemWords.labelsTitleOne, counts)
        : fill(problemWords.labelsTitle, { ...counts, count: formatCount(rows) }),
    text:
      rows === 1
        ? fill(problemWords.labelsTextOne, where)
        : fill(problemWords.labelsText, { ...where, more: formatCount(rows - 1) }),
    offers: [
      {
        kind: "labels",
        leaveOut: fill(problemWords.labelsLeaveOut, {
          count: formatCount(rows),
          subjects: inNumber(rows, subject),
        }),
        unknown: labels.map(labelQuestion),
        labels: invitation.labels,
      },
      chooseOther,
    ],
  };
}

const labelQuestion = ({ label, rows, nearest }: UnknownLabel): LabelQuestion => ({
  label,
  field: fill(problemWords.labelsMapField, { label, count: formatCount(rows) }),
  nearest,
});

function tooFewRows(
  { rows, wanted }: Extract<FileProblem, { kind: "too-few-rows" }>,
  { invitation }: About,
): Words {
  const slots = runSlots(invitation);
  const href = contactLink(invitation.organiserContact, slots.run);
  const [title, text] =
    rows === 0
      ? [problemWords.emptyTitle, fill(problemWords.emptyText, slots)]
      : [
          rows === 1
            ? fill(problemWords.rowsTitleOne, slots)
            : fill(problemWords.rowsTitle, { ...slots, count: formatCount(rows) }),
          fill(problemWords.rowsText, { ...slots, minimum: formatCount(wanted) }),
        ];
  return {
    title,
    text,
    offers: [
      chooseOther,
      ...(href === null || rows === 0
        ? []
        : [{ kind: "link", button: problemWords.write, href } as const]),
    ],
  };
}

function unreadable({ error }: Extract<FileProblem, { kind: "unreadable" }>): Words {
  const { line } = error.data;
  const at = typeof line === "number" ? formatCount(line) : null;
  return {
    title:
      at === null ? problemWords.brokenTitleFile : fill(problemWords.brokenTitle, { line: at }),
    text: fill(problemWords.brokenText, { reason: error.message }),
    offers: [chooseOther],
  };
}

/** The mapping after a missing column was named; null while the other one is not known either. */
export function repairedMapping(
  facts: FileFacts,
  repair: { readonly role: "text" | "label"; readonly column: string },
  hints: Invitation["dataColumns"],
): ColumnMapping | null {
  const known = facts.mapping;
  const here = (name: string | null): string | null =>
    name !== null && facts.columns.includes(name) ? name : null;
  const text = repair.role === "text" ? repair.column : (known?.text ?? here(hints.text));
  const label = repair.role === "label" ? repair.column : (known?.label ?? here(hints.label));
  if (text === null || label === null) return null;
  return { text, textPair: known?.textPair ?? here(hints.textPair), label };
}
