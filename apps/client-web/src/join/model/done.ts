/** After training: what came of it, and what can be done with it. */
import { formatCount, formatPercent } from "@fedtune/figures";
import type { Guess, Road, Stage } from "../../participant/index.ts";
import { doneWords } from "../words/done.ts";
import { pictureTryWords } from "../words/pictures.ts";
import { fill } from "../words/fill.ts";
import type { Message } from "./messages.ts";
import { messageOfProblem } from "./notices.ts";
import { privacyFigure } from "./train-figures.ts";
import type { TrainFigure } from "./train-figures.ts";
import { bytesText, isLanguage, readsPictures, runSlots } from "./run-words.ts";
import type { Scene } from "./run-words.ts";

/** Stages after training. */
export type DoneStage = Extract<Stage, { kind: "finished" | "left" | "refused" }>;

/** The page after training. */
export interface DonePageView {
  readonly state: string;
  readonly title: string;
  readonly subtitle: string;
  readonly lead: string;
  /** Why it was ended; null: it was not. */
  readonly message: Message | null;
  /** False: this device never sent an update, so that it has no adapter. */
  readonly hasModel: boolean;
  readonly accuracyLabel: string;
  readonly accuracy: TrainFigure;
  readonly sent: TrainFigure;
  readonly privacy: TrainFigure;
  /** What is to be known of these figures; null: nothing. */
  readonly remark: string | null;
  readonly keepText: string;
  /** Null: nothing of the adapter is this device's alone. */
  readonly keepWarning: string | null;
  readonly tryField: string;
  /** Null: one text is enough. */
  readonly tryFieldPair: string | null;
  /** What one gets for a text or a picture: how sure the model is of each label, or what it writes on. */
  readonly tryGives: "labels" | "text" | "labels-of-picture";
  /** Pictures: what its button says, and what the chosen one is called. */
  readonly tryPicture: { readonly button: string; readonly chosen: string };
}

/** The page after training. */
export function donePageView(stage: DoneStage, scene: Scene): DonePageView {
  const { invitation, session, file } = stage;
  const slots = runSlots(invitation);
  const done = session.rounds.filter(({ result }) => result === "accepted").length;
  const hasModel = done > 0;
  const message = stage.kind === "refused" ? messageOfProblem(stage.problem, stage, scene) : null;
  const model = `${invitation.model.name}, ${bytesText(invitation.model.bytes)}`;
  const own = invitation.numbers.stays > 0;
  const isPair = file.kind === "usable" && file.facts.mapping?.textPair !== undefined;
  const writes = isLanguage(invitation);
  return {
    ...headOf(stage, done),
    message,
    subtitle: invitation.title,
    hasModel,
    accuracyLabel: writes ? doneWords.accuracyTokens : fill(doneWords.accuracy, slots),
    accuracy: accuracyFigure(stage),
    sent: {
      value: bytesText(session.bytesUp),
      note: fill(doneWords.sentNote, { ...slots, done: formatCount(done) }),
    },
    privacy: privacyFigure(stage),
    remark: remarkOf(stage),
    keepText: fill(own ? doneWords.keepText : doneWords.keepTextPlain, { model }),
    keepWarning: own ? fill(doneWords.keepWarning, slots) : null,
    tryField: writes ? doneWords.writeField : fill(doneWords.tryField, slots),
    tryGives: writes ? "text" : readsPictures(invitation) ? "labels-of-picture" : "labels",
    tryPicture: {
      button: fill(pictureTryWords.do, slots),
      chosen: fill(pictureTryWords.chosen, slots),
    },
    tryFieldPair: isPair ? doneWords.tryFieldPair : null,
  };
}

function headOf(stage: DoneStage, done: number): Pick<DonePageView, "state" | "title" | "lead"> {
  const counts = { done: formatCount(done) };
  const lead = (text: string): string => (done === 0 ? doneWords.leadNothing : text);
  if (stage.kind === "refused")
    return {
      state: doneWords.stateEnded,
      title: doneWords.titleEnded,
      lead: doneWords.leadEnded,
    };
  if (stage.kind === "left")
    return {
      state: doneWords.stateLeft,
      title: doneWords.titleLeft,
      lead: lead(fill(doneWords.leadLeft, counts)),
    };
  const rounds = { ...counts, rounds: formatCount(stage.rounds) };
  switch (stage.status) {
    case "completed":
      return {
        state: doneWords.state,
        title: doneWords.title,
        lead: lead(fill(doneWords.lead, rounds)),
      };
    case "stopped":
    case "failed":
      return {
        state: doneWords.stateEnded,
        title: stage.status === "stopped" ? doneWords.titleStopped : doneWords.titleFailed,
        lead: lead(fill(doneWords.leadEarly, rounds)),
      };
  }
}

/**
 * A device's accuracy on its own held-out rows is measured here and never sent, and so it costs nothing of the file's
 * privacy budget. But it is exact: in a run with a promise its reader is told that none covers it once it is passed on.
 */
function remarkOf({ session, invitation }: Road): string | null {
  const isShown = session.accuracy.length > 0;
  return isShown && invitation.privacy.mode !== "none" ? doneWords.accuracyOwn : null;
}

function accuracyFigure({ session, invitation }: Road): TrainFigure {
  const { subjects } = runSlots(invitation);
  const [first, last] = [session.accuracy[0], session.accuracy.at(-1)];
  if (first === undefined || last === undefined) return { value: doneWords.accuracyNone };
  return {
    value: formatPercent(last.accuracy),
    note: fill(doneWords.accuracyNote, {
      first: formatPercent(first.accuracy),
      rows: formatCount(last.examples),
      subjects,
    }),
  };
}

/** What the model says about a text. */
export interface GuessView {
  readonly answer: string;
  readonly bars: readonly {
    readonly label: string;
    readonly value: string;
    readonly share: number;
  }[];
}

/** Below this the first label is hardly better than a toss. */
const SURE = 0.5;

/** Guesses as bars, the likeliest first. */
export function guessView(guesses: readonly Guess[]): GuessView {
  const first = guesses[0];
  const label = first?.label ?? "";
  return {
    answer: fill((first?.probability ?? 0) >= SURE ? doneWords.tryResult : doneWords.tryUnsure, {
      label,
    }),
    bars: guesses.slice(0, 5).map(({ label: name, probability }) => ({
      label: name,
      value: formatPercent(probability),
      share: probability,
    })),
  };
}
