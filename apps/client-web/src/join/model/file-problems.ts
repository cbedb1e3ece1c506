/** What may be wrong with a file, each with what to do about it. */
import { formatCount } from "@fedtune/figures";
import type {
  ColumnMapping,
  ColumnRole,
  FileFacts,
  FileProblem,
  Invitation,
  UnknownLabel,
} from "../../participant/index.ts";
import { problemWordsOf } from "../words/data-words.ts";
import type { ProblemWords } from "../words/data-words.ts";
import { problemWords } from "../words/file.ts";
import { fill } from "../words/fill.ts";
import { inNumber, nounsOf } from "../words/nouns.ts";
import { roleNames } from "./columns.ts";
import { contactLink } from "./messages.ts";
import { pictureProblemView } from "./picture-problems.ts";
import { bytesText, isLanguage, readsPictures, runSlots } from "./run-words.ts";

/** What a problem offers. */
export type ProblemOffer =
  | {
      readonly kind: "choose-columns";
      readonly fields: readonly ColumnQuestion[];
      readonly options: readonly string[];
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

/** A column that is not there, and which one may be meant. */
export interface ColumnQuestion {
  readonly role: ColumnRole;
  readonly field: string;
  readonly suggestion: string | null;
}

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

const wordsOf = ({ invitation }: Pick<About, "invitation">): ProblemWords =>
  problemWordsOf(readsPictures(invitation));

const chooseOther = ({ chooseOther: button }: Pick<ProblemWords, "chooseOther">): ProblemOffer => ({
  kind: "choose-file",
  button,
});

/** Problems in words; columns that are missing are one question. */
export function problemViews(
  problems: readonly FileProblem[],
  about: About,
): readonly ProblemView[] {
  const missing = problems.filter((problem) => problem.kind === "column-missing");
  const others = problems.filter((problem) => problem.kind !== "column-missing");
  return [
    ...(missing.length === 0
      ? []
      : [{ kind: "column-missing", ...columnsMissing(missing) } as const]),
    ...others.map((problem) => problemView(problem, about)),
  ];
}

function problemView(
  problem: Exclude<FileProblem, { kind: "column-missing" }>,
  about: About,
): ProblemView {
  const { kind } = problem;
  const words = wordsOf(about);
  switch (problem.kind) {
    case "labels-unknown":
      return { kind, ...labelsUnknown(problem, about) };
    case "too-few-rows":
      return { kind, ...tooFewRows(problem, about) };
    case "too-large":
      return {
        kind,
        title: words.largeTitle,
        text: fill(words.largeText, {
          bytes: bytesText(problem.bytes),
          limit: bytesText(problem.limitBytes),
        }),
        offers: [
          chooseOther(words),
          {
            kind: "command",
            button: words.largeHow,
            command: fill(words.largeCommand, { file: commandPath(about) }),
          },
        ],
      };
    case "format-unknown": {
      const [title, text] = problem.isFolder
        ? [words.folderTitle, words.folderText]
        : [words.kindTitle, words.kindText];
      return {
        kind,
        title,
        text: fill(text, { ...runSlots(about.invitation), file: problem.name }),
        offers: [chooseOther(words)],
      };
    }
    case "unreadable":
      return { kind, ...unreadable(problem, words) };
    case "no-pictures":
    case "pictures-broken":
      return pictureProblemView(problem, about.invitation);
    case "copy-lost":
      return {
        kind,
        title: words.copyTitle,
        text: words.copyText,
        offers: [{ kind: "choose-file", button: words.copyChoose }],
      };
  }
}

/** As the command line takes it: a folder ends with a slash there. */
function commandPath({ invitation, facts }: About): string {
  return readsPictures(invitation) ? `${facts?.name ?? "FOLDER"}/` : (facts?.name ?? "data.csv");
}

const meanings: Readonly<Record<ColumnRole, string>> = {
  text: problemWords.meaningText,
  textPair: problemWords.meaningPair,
  label: problemWords.meaningLabel,
  prompt: problemWords.meaningPrompt,
  completion: problemWords.meaningCompletion,
  messages: problemWords.meaningMessages,
};

type Words = Omit<ProblemView, "kind">;

function columnsMissing(
  problems: readonly Extract<FileProblem, { kind: "column-missing" }>[],
): Words {
  const [first] = problems;
  const isOne = problems.length === 1;
  const found = first?.found ?? [];
  const names = problems.map(({ wanted }) => `“${wanted}”`).join(problemWords.columnsAnd);
  return {
    title: isOne
      ? fill(problemWords.columnTitle, { column: first?.wanted ?? "" })
      : fill(problemWords.columnsTitle, { columns: names }),
    text: isOne
      ? fill(problemWords.columnText, {
          found: found.join(", "),
          meaning: meanings[first?.role ?? "text"],
        })
      : fill(problemWords.columnsText, { found: found.join(", ") }),
    offers: [
      {
        kind: "choose-columns",
        fields: problems.map(({ role, suggestion }) => ({
          role,
          field: isOne ? problemWords.columnField : roleNames[role],
          suggestion,
        })),
        options: found,
        button: isOne ? problemWords.columnUse : problemWords.columnsUse,
      },
      chooseOther(problemWords),
    ],
  };
}

function labelsUnknown(
  { rows, labels }: Extract<FileProblem, { kind: "labels-unknown" }>,
  { invitation, facts }: About,
): Words {
  const words = wordsOf({ invitation });
  const { subject } = nounsOf(invitation);
  const all = facts?.rows ?? rows;
  const counts = { rows: formatCount(all), subjects: inNumber(all, subject) };
  const first = labels[0];
  const where = { label: first?.label ?? "", line: formatCount(first?.line ?? 0) };
  return {
    title:
      rows === 1
        ? fill(words.labelsTitleOne, counts)
        : fill(words.labelsTitle, { ...counts, count: formatCount(rows) }),
    text:
      rows === 1
        ? fill(words.labelsTextOne, where)
        : fill(words.labelsText, { ...where, more: formatCount(rows - 1) }),
    offers: [
      {
        kind: "labels",
        leaveOut: fill(words.labelsLeaveOut, {
          count: formatCount(rows),
          subjects: inNumber(rows, subject),
        }),
        unknown: labels.map(labelQuestion),
        labels: invitation.labels,
      },
      chooseOther(words),
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
  const words = wordsOf({ invitation });
  const slots = runSlots(invitation);
  const href = contactLink(invitation.organiserContact, slots.run);
  const [title, text] =
    rows === 0
      ? [words.emptyTitle, fill(words.emptyText, slots)]
      : [
          rows === 1
            ? fill(words.rowsTitleOne, slots)
            : fill(words.rowsTitle, { ...slots, count: formatCount(rows) }),
          fill(words.rowsText, { ...slots, minimum: formatCount(wanted) }),
        ];
  return {
    title,
    text,
    offers: [
      chooseOther(words),
      ...(href === null || rows === 0
        ? []
        : [{ kind: "link", button: words.write, href } as const]),
    ],
  };
}

function unreadable(
  { error }: Extract<FileProblem, { kind: "unreadable" }>,
  words: ProblemWords,
): Words {
  const { line } = error.data;
  const at = typeof line === "number" ? formatCount(line) : null;
  return {
    title: at === null ? words.brokenTitleFile : fill(words.brokenTitle, { line: at }),
    text: fill(words.brokenText, { reason: error.message }),
    offers: [chooseOther(words)],
  };
}

/** The mapping after missing columns were named; null while one of them still is. */
export function repairedMapping(
  facts: FileFacts,
  repair: Readonly<Partial<Record<ColumnRole, string | null>>>,
  invitation: Pick<Invitation, "dataColumns" | "task">,
): ColumnMapping | null {
  const { text, textPair, label } = invitation.dataColumns;
  const wanted: readonly (readonly [ColumnRole, string])[] = isLanguage(invitation)
    ? [["completion", text]]
    : [
        ["text", text],
        ...(textPair === null ? [] : [["textPair", textPair] as const]),
        ["label", label],
      ];
  const found = wanted.map(
    ([role, hint]) => [role, repair[role] ?? facts.mapping?.[role] ?? named(facts, hint)] as const,
  );
  return found.some(([, column]) => column === undefined) ? null : Object.fromEntries(found);
}

/** A column of this name, whatever its capitals are. */
function named({ columns }: FileFacts, wanted: string): string | undefined {
  const plain = (name: string): string => name.trim().toLowerCase();
  return columns.find((column) => plain(column) === plain(wanted));
}
