/** What every page of the road fills into its texts: the run's nouns, its organiser, its server. */
import { formatBytes, formatDate } from "@fedtune/figures";
import type { Invitation, Road, Stage } from "../../participant/index.ts";
import { unnamedWords } from "../words/messages.ts";
import { nounsOf } from "../words/nouns.ts";

/** Where and when a page is looked at. */
export interface Scene {
  /** IANA name. */
  readonly timeZone: string;
  /** Milliseconds since 1970, by this device's clock. */
  readonly nowMs: number;
}

/** Slots that texts of a run share. */
export interface RunSlots {
  readonly subject: string;
  readonly subjects: string;
  readonly party: string;
  readonly parties: string;
  readonly organiser: string;
  readonly server: string;
  readonly run: string;
}

/** Slots of a run's texts. */
export function runSlots(invitation: Invitation): RunSlots {
  const { subject, party } = nounsOf(invitation);
  return {
    subject: subject.one,
    subjects: subject.many,
    party: party.one,
    parties: party.many,
    organiser: invitation.organiser ?? unnamedWords.organiser,
    server: hostOf(invitation.server),
    run: invitation.run,
  };
}

/** The host of an origin, with its port. */
export function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : origin;
}

/** The road of a stage; null before an invitation was read. */
export function roadOf(stage: Stage): (Stage & Road) | null {
  return "invitation" in stage ? stage : null;
}

/** Bytes as the join pages write them: three significant digits. */
export const bytesText = (bytes: number): string => formatBytes(bytes, "prose");

/** The most that a whole run sends of numbers. */
export const wholeRunBytes = ({ bytes, rounds }: Invitation): number =>
  bytes.upPerRound * Math.max(0, rounds.total - rounds.committed);

/** Rounds that are still to come. */
export const roundsToCome = ({ rounds }: Invitation): number =>
  Math.max(0, rounds.total - rounds.committed);

/** The day on which an invitation ends; null: never. */
export const lastDay = ({ invitation }: Invitation, { timeZone }: Scene): string | null =>
  invitation === null ? null : formatDate(Date.parse(invitation.expiresAt), timeZone);

/** Whether a run learns from pictures, which lie in folders and not in tables. */
export const readsPictures = ({ task }: Pick<Invitation, "task">): boolean =>
  task === "image-classification";

/** Whether a run teaches a language model, whose answers are texts. */
export const isLanguage = ({ task }: Pick<Invitation, "task">): boolean => task === "causal-lm";
