/** The texts of the round strip. */
import { formatCount, formatPercent, formatTimer, memberStates } from "@fedtune/figures";
import type { StateLook } from "@fedtune/figures";
import { standingOf } from "../../model/members.ts";
import type { RoundMember } from "../../model/members.ts";
import type { Outlook } from "../../model/forecast.ts";
import type { RoundStrip, Standing } from "../../model/strip.ts";
import { standings } from "../../model/strip.ts";
import { shortRefusal } from "../../words.ts";

/** Whether a sentence of the outlook is good news, a warning, or bad news. */
export type OutlookTone = "plain" | "wait" | "bad";

/** The outlook as a sentence. */
export function outlookText(
  outlook: Outlook,
  { needed, target }: Pick<RoundStrip, "needed" | "target">,
): { readonly word: string; readonly text: string; readonly tone: OutlookTone } {
  switch (outlook.kind) {
    case "reached": {
      const closes =
        target === null || target <= needed ? "" : ` It closes with ${formatCount(target)}.`;
      return {
        word: "Quorum met",
        text: `at ${formatTimer(outlook.atMs)}.${closes}`,
        tone: "plain",
      };
    }
    case "on-course": {
      const more = outlook.more === 1 ? "1 more is" : `${formatCount(outlook.more)} more are`;
      return { word: "On course:", text: `${more} expected before the deadline.`, tone: "plain" };
    }
    case "tight":
      return {
        ...{ word: "Tight:", tone: "wait" },
        text: `the quorum is expected ${formatTimer(outlook.spareMs)} before the deadline.`,
      };
    case "late":
      return {
        ...{ word: "At risk:", tone: "bad" },
        text: `the quorum is expected ${formatTimer(outlook.missingMs)} after the deadline.`,
      };
    case "impossible": {
      const most = `${formatCount(needed)} needed, at most ${formatCount(outlook.atMost)} can come`;
      return { word: "At risk:", text: `${most}: lower the quorum, invite, or wait.`, tone: "bad" };
    }
    case "unknown":
      return { word: "", text: "No forecast before anyone has finished a round.", tone: "plain" };
  }
}

const shareText = (progress: number | null): string =>
  progress === null ? "" : ` ${formatPercent(progress, 0)}`;

/** What stands below a member's name; times since the opening of the round. */
export function tileText(member: RoundMember, nowMs: number | null): string {
  const { atMs, code, progress } = member;
  const at = atMs === null ? "" : formatTimer(atMs);
  const since = atMs === null || nowMs === null ? "" : ` ${formatTimer(Math.max(nowMs - atMs, 0))}`;
  switch (standingOf(member)) {
    case "uploaded":
      return at;
    case "uploading":
      return progress === null ? "uploading" : shareText(progress).trim();
    case "training":
      return progress === null ? "training" : shareText(progress).trim();
    case "away":
      return `away${since}`;
    case "refused":
      return code === null ? "refused" : shortRefusal(code);
    case "declined":
      return code === null ? "declined" : shortRefusal(code);
    default:
      return `asked${since}`;
  }
}

/** How a member looks. */
export const memberLook = (member: RoundMember): StateLook => memberStates[standingOf(member)];

/** The look of each count. */
export const standingLooks: Readonly<Record<Standing, StateLook>> = memberStates;

/** A count with its word: `10 uploaded`. */
export const countText = (count: number, standing: Standing): string =>
  `${formatCount(count)} ${standingLooks[standing].word.toLowerCase()}`;

/** The members in one sentence, for those who do not see them. */
export function membersSentence({ counts, selected }: RoundStrip): string {
  if (counts === null || selected === null) return "Who takes part is hidden.";
  const parts = standings
    .filter((name) => counts[name] > 0)
    .map((name) => countText(counts[name], name));
  return `${formatCount(selected)} selected: ${parts.join(", ")}.`;
}
