/** When the open round will have its quorum, from how long its members took in the rounds before. */
import type { RoundDetails } from "./api-types.ts";
import { isExpected } from "./members.ts";
import type { RoundMember } from "./members.ts";

/** Rounds that a prediction looks back on. */
export const roundsToLookBack = 5;

/** The median; null of nothing. */
export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}

/** How long each participant takes from the opening of a round to the acceptance of its update, in ms. */
export interface FinishTimes {
  readonly byIndex: ReadonlyMap<number, number>;
  /** Of all together, for those who are new; null: nobody has finished yet. */
  readonly typical: number | null;
}

/** Medians over the given committed rounds: the last {@link roundsToLookBack} of them that a participant finished. */
export function finishTimes(rounds: readonly RoundDetails[]): FinishTimes {
  const times = new Map<number, number[]>();
  const latestFirst = [...rounds].sort((a, b) => b.round - a.round);
  for (const { attempts } of latestFirst) {
    for (const { index, acceptedMs } of attempts.at(-1)?.members ?? []) {
      if (acceptedMs === null) continue;
      const own = times.get(index) ?? [];
      if (own.length < roundsToLookBack) times.set(index, [...own, acceptedMs]);
    }
  }
  const byIndex = new Map([...times].map(([index, own]) => [index, median(own) ?? 0]));
  return { byIndex, typical: median([...byIndex.values()]) };
}

/** Where the open round stands in time; ms since its attempt opened. */
export interface RoundClock {
  readonly nowMs: number;
  readonly deadlineMs: number;
}

/** When a member's update is expected; null: it is not, or nothing is known of how long it takes. */
export function expectedAt(member: RoundMember, times: FinishTimes, nowMs: number): number | null {
  if (!isExpected(member)) return null;
  const usual = times.byIndex.get(member.index) ?? times.typical;
  return usual === null ? null : Math.max(usual, nowMs);
}

/** How the round will go. */
export type Outlook =
  /** Enough are in. */
  | { readonly kind: "reached"; readonly atMs: number }
  /** Enough are expected well before the deadline. */
  | { readonly kind: "on-course"; readonly atMs: number; readonly more: number }
  /** Enough are expected, shortly before the deadline. */
  | { readonly kind: "tight"; readonly atMs: number; readonly spareMs: number }
  /** Enough are expected, after the deadline. */
  | { readonly kind: "late"; readonly atMs: number; readonly missingMs: number }
  /** Not enough are left who may still answer. */
  | { readonly kind: "impossible"; readonly atMost: number }
  /** Nothing is known of how long anybody takes. */
  | { readonly kind: "unknown" };

/** Left over of a round's whole time below which it is tight. */
const tightShare = 0.15;

/** The forecast for a round that needs `needed` accepted updates. */
export function outlook(
  members: readonly RoundMember[],
  {
    needed,
    times,
    clock,
  }: { readonly needed: number; readonly times: FinishTimes; readonly clock: RoundClock },
): Outlook {
  const { nowMs, deadlineMs } = clock;
  const arrived = members
    .filter(({ status }) => status === "accepted")
    .map(({ atMs }) => atMs ?? nowMs);
  arrived.sort((a, b) => a - b);
  if (arrived.length >= needed) return { kind: "reached", atMs: arrived[needed - 1] ?? nowMs };
  const open = members.filter(isExpected).length;
  if (arrived.length + open < needed) return { kind: "impossible", atMost: arrived.length + open };
  const expected = members.flatMap((member) => expectedAt(member, times, nowMs) ?? []);
  expected.sort((a, b) => a - b);
  const atMs = expected[needed - arrived.length - 1];
  if (atMs === undefined) return { kind: "unknown" };
  const spareMs = deadlineMs - atMs;
  if (spareMs < 0) return { kind: "late", atMs, missingMs: -spareMs };
  if (spareMs < tightShare * deadlineMs) return { kind: "tight", atMs, spareMs };
  return { kind: "on-course", atMs, more: expected.filter((at) => at <= deadlineMs).length };
}
