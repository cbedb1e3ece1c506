/** The three key figures of step 4: what was sent, what privacy it cost, what is only here. */
import { formatCount, formatEpsilon } from "@fedtune/figures";
import type { Road } from "../../participant/index.ts";
import { fill } from "../words/fill.ts";
import { inNumber, nounsOf } from "../words/nouns.ts";
import { trainWords } from "../words/train.ts";
import { bytesText, runSlots } from "./run-words.ts";

/** A key figure with a line below; `share` draws a meter. */
export interface TrainFigure {
  readonly value: string;
  readonly of?: string;
  readonly note?: string;
  readonly share?: number;
  readonly picture?: string;
  /** Of the value; absent: ink. */
  readonly tone?: "privacy" | "bad";
}

/** Bytes that left this device. */
export function sentFigure({ session, invitation }: Road): TrainFigure {
  const { subject } = runSlots(invitation);
  const updates = session.transfers.filter(
    ({ direction, what }) => direction === "up" && what === "update",
  );
  const value = bytesText(session.bytesUp);
  const first = updates[0];
  if (first === undefined) return { value, note: fill(trainWords.sentNothing, { subject }) };
  const times = formatCount(updates.length);
  if (updates.some(({ bytes }) => bytes !== first.bytes))
    return { value, note: fill(trainWords.sentNoteMixed, { times, subject }) };
  const slots = { times, bytes: bytesText(first.bytes), subject };
  const numbers = first.bytes * updates.length;
  // Receipts are told where they show.
  return bytesText(numbers) === value
    ? { value, note: fill(trainWords.sentNote, slots) }
    : {
        value,
        note: fill(trainWords.sentNoteReceipts, {
          ...slots,
          rest: bytesText(session.bytesUp - numbers),
        }),
      };
}

/** By this device's own record where there is one, else what the run says of its end. */
export function privacyFigure({ invitation, privacy: standing }: Road): TrainFigure {
  const { privacy } = invitation;
  if (privacy.mode === "none" || privacy.isSeeded)
    return { value: trainWords.privacyNone, tone: "bad" };
  if (standing === null)
    return {
      value: formatEpsilon(privacy.epsilon),
      note: trainWords.privacyAtEnd,
      tone: "privacy",
    };
  const used = formatEpsilon(standing.spentHere);
  // Rounded as what is used is: at its end a run has used what it promised, not a hundredth more.
  const limit = formatEpsilon(privacy.epsilon);
  return {
    value: used,
    of: fill(trainWords.privacyOf, { limit }),
    share: Math.min(1, standing.spentHere / privacy.epsilon),
    picture: fill(trainWords.privacyMeter, { used, limit }),
    tone: "privacy",
  };
}

/** What never leaves. */
export function hereFigure({ file, invitation }: Road): TrainFigure {
  const { subject } = nounsOf(invitation);
  const { stays } = invitation.numbers;
  const rows = file.kind === "usable" ? file.facts.usedRows : null;
  return {
    value:
      rows === null
        ? fill(trainWords.hereValuePlain, { subjects: subject.many })
        : fill(trainWords.hereValue, {
            rows: formatCount(rows),
            subjects: inNumber(rows, subject),
          }),
    note:
      stays > 0
        ? fill(trainWords.hereNote, { numbers: formatCount(stays) })
        : trainWords.hereNotePlain,
  };
}
