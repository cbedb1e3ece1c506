/** The arrivals of a round on one time axis; ms since its attempt opened. */
import type { FinishTimes, RoundClock } from "./forecast.ts";
import { expectedAt } from "./forecast.ts";
import { standingOf } from "./members.ts";
import type { RoundMember } from "./members.ts";

/** What a mark on the axis stands for. */
export type ArrivalKind = "accepted" | "refused" | "expected";

/** One mark. */
export interface Arrival {
  readonly kind: ArrivalKind;
  readonly atMs: number;
  readonly name: string;
}

/** Marks in order of time; expected ones that would come after the deadline stand at it. */
export function arrivalsOf(
  members: readonly RoundMember[],
  times: FinishTimes,
  { nowMs, deadlineMs }: RoundClock,
): readonly Arrival[] {
  const marks = members.flatMap((member): Arrival[] => {
    const { name, atMs } = member;
    const standing = standingOf(member);
    if (standing === "uploaded" && atMs !== null) return [{ kind: "accepted", atMs, name }];
    if (standing === "refused" && atMs !== null) return [{ kind: "refused", atMs, name }];
    const expected = expectedAt(member, times, nowMs);
    if (expected === null) return [];
    return [{ kind: "expected", atMs: Math.min(expected, deadlineMs), name }];
  });
  return marks.sort((a, b) => a.atMs - b.atMs);
}

/** Bins of the axis where single marks would cover each other. */
export const arrivalBins = 60;

/** Marks of each kind in {@link arrivalBins} equal bins from the opening to the deadline. */
export function binnedArrivals(
  arrivals: readonly Arrival[],
  deadlineMs: number,
): Readonly<Record<ArrivalKind, readonly number[]>> {
  const empty = (): number[] => new Array<number>(arrivalBins).fill(0);
  const bins = { accepted: empty(), refused: empty(), expected: empty() };
  for (const { kind, atMs } of arrivals) {
    const place = Math.floor((atMs / Math.max(deadlineMs, 1)) * arrivalBins);
    const bin = Math.min(Math.max(place, 0), arrivalBins - 1);
    bins[kind][bin] = (bins[kind][bin] ?? 0) + 1;
  }
  return bins;
}
