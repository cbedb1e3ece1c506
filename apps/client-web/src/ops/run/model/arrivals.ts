/** The arrivals of the open round for its time axis; ms since its attempt opened. */
import type { Arrival } from "@fedtune/figures";
import type { FinishTimes, RoundClock } from "./forecast.ts";
import { expectedAt } from "./forecast.ts";
import { standingOf } from "./members.ts";
import type { RoundMember } from "./members.ts";

/** Marks in order of time; expected ones that would come after the deadline stand at it. */
export function arrivalsOf(
  members: readonly RoundMember[],
  times: FinishTimes,
  { nowMs, deadlineMs }: RoundClock,
): readonly Arrival[] {
  const marks = members.flatMap((member): Arrival[] => {
    const { atMs } = member;
    const standing = standingOf(member);
    if (standing === "uploaded" && atMs !== null) return [{ outcome: "accepted", atMs }];
    if (standing === "refused" && atMs !== null) return [{ outcome: "refused", atMs }];
    const expected = expectedAt(member, times, nowMs);
    if (expected === null) return [];
    return [{ outcome: "expected", atMs: Math.min(expected, deadlineMs) }];
  });
  return marks.sort((a, b) => a.atMs - b.atMs);
}
