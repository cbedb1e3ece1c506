/** Taking up an attempt that an earlier process left: with the same cohort, and with what it had accepted. */
import type { ErrorCode } from "../errors.ts";
import type { RoundDetails } from "../store/store-reads.ts";
import type { OpenAttempt, RefusalRow, Resumption } from "../store/store.ts";
import type { RoundRules } from "./attempt.ts";
import { settle, tryAgain } from "./attempt.ts";
import { betterOf } from "./early-stopping.ts";
import { withLate, withStragglers } from "./late.ts";
import { chain, isOutstanding, stay, withCohort } from "./state.ts";
import type { LeftRun, Step } from "./state.ts";
import type { BestEvaluation, LeftAttempt, Member, RoundEffect, RoundState } from "./types.ts";

/**
 * Goes on where the attempt was left. A closed one is aggregated again, from the same updates. An open one waits for the
 * members that have not delivered: they have the restart grace to come back, and the round its whole time anew, since
 * nobody could deliver while there was no coordinator. After an abandoned one comes the next.
 */
export function takeUp(rules: RoundRules, state: RoundState, left: LeftAttempt): Step {
  const round = state.round + 1;
  const { attempt, target, status } = left;
  const isBuffered = rules.policy.mode === "buffered";
  const cohort = isBuffered
    ? deliveredLeft(left)
    : left.cohort.map((index) => memberLeft(left, index));
  const stored = left.updates.filter((update) => update.attempt < attempt);
  const taken: RoundState = {
    ...withCohort(state, cohort, target),
    ...{ round, attempt, left: null, owesEvaluation: false },
    stored: stored.map(({ index, hash }) => ({ index, hash })),
    late: isBuffered ? [] : lateLeft(state, left),
  };
  if (status === "abandoned") return tryAgain(rules, taken, abandonedBefore(round, attempt));
  if (status === "closed") {
    const { accepted } = left;
    const aggregate: RoundEffect = {
      type: "aggregate",
      round,
      accepted,
      sampled: cohort.length,
    };
    return [withStragglers(rules, { ...taken, phase: "aggregating" }), [aggregate]];
  }
  const { roundTimeoutMs, restartGraceMs } = rules.policy;
  const effects: RoundEffect[] = [
    { type: "startTimer", timer: "round", ms: roundTimeoutMs },
    ...cohort.filter(isOutstanding).map(({ index }): RoundEffect => ({
      type: "startTimer",
      timer: `grace-${index}`,
      ms: restartGraceMs,
    })),
  ];
  return chain([{ ...taken, phase: "collecting" }, effects], (open) =>
    isBuffered ? stay(open) : settle(rules, open),
  );
}

/** What the store has of a run, as the engine needs it. */
export function leftRun(
  { last, attempt, evaluations, paused, end }: Resumption,
  { stopping }: Pick<RoundRules, "stopping">,
  late: readonly number[] = [],
): LeftRun {
  return {
    round: last?.round ?? 0,
    attempt: attempt === null ? null : leftAttempt(attempt),
    late,
    evaluated: evaluations.at(-1)?.round ?? null,
    best: evaluations.reduce<BestEvaluation | null>(
      (best, evaluation) => betterOf(best, evaluation, stopping),
      null,
    ),
    paused,
    end,
  };
}

function leftAttempt(left: OpenAttempt): LeftAttempt {
  const { attempt, cohort, target, status, accepted, updates, refusals } = left;
  return {
    ...{ attempt, cohort, target, status, accepted: accepted ?? [] },
    refused: refusals.filter(({ code }) => endsMembership(code)).map(({ index }) => index),
    updates: updates.map(({ index, attempt: by, blob, base }) => ({
      ...{ index, attempt: by, hash: blob.hash },
      ...(base === undefined ? {} : { ordered: base + 1 }),
    })),
  };
}

/**
 * Participants that may still deliver for the last finished round, or have into the one after it: members of the cohort
 * that closed it whose updates it does not have, but for those that it refused.
 */
export function lateAfter({ row, attempts, refusals }: RoundDetails): readonly number[] {
  const { cohort = [] } = attempts.find(({ attempt }) => attempt === row?.attempt) ?? {};
  const refused = refusals
    .filter(({ attempt, code }) => attempt === row?.attempt && endsMembership(code))
    .map(({ index }) => index);
  const done = new Set([...(row?.accepted ?? []), ...refused]);
  return cohort.filter((index) => !done.has(index));
}

/** Refusals by code. */
export function countRefusals(
  refusals: readonly Pick<RefusalRow, "code">[],
): Map<ErrorCode, number> {
  const counts = new Map<ErrorCode, number>();
  for (const { code } of refusals) counts.set(code, (counts.get(code) ?? 0) + 1);
  return counts;
}

/** Refusals of an update for what it is; all others leave its client in the cohort. */
function endsMembership(code: ErrorCode): boolean {
  return updateFaults.includes(code);
}

const updateFaults: readonly ErrorCode[] = [
  "shape-mismatch",
  "layout-mismatch",
  "not-finite",
  "codec-invalid",
  "norm-exceeded",
];

/** In a frozen attempt only those are accepted that it was closed with. */
function memberLeft({ updates, accepted, refused, status }: LeftAttempt, index: number): Member {
  const update = updates.find((one) => one.index === index);
  const isIn = update !== undefined && (status !== "closed" || accepted.includes(index));
  if (isIn) return acceptedLeft(update);
  if (refused.includes(index))
    return { index, status: "refused", away: false, uploading: false, hash: null };
  return { index, status: "ordered", away: true, uploading: false, hash: null };
}

function acceptedLeft({ index, hash, ordered }: LeftAttempt["updates"][number]): Member {
  const member: Member = { index, status: "accepted", away: false, uploading: false, hash };
  return ordered === undefined ? member : { ...member, ordered };
}

/** Who is late with the round before, and what of it counts in this one already. */
function lateLeft(state: RoundState, { updates }: LeftAttempt): readonly Member[] {
  const there = updates.filter(({ ordered }) => ordered !== undefined).map(acceptedLeft);
  return withLate(state, there).late;
}

/** Of a buffer only those matter that have delivered: all others say what they work on when they come back. */
function deliveredLeft(left: LeftAttempt): readonly Member[] {
  const indices = new Set([...left.updates.map(({ index }) => index), ...left.refused]);
  return [...indices]
    .sort((a, b) => a - b)
    .map((index) => memberLeft(left, index))
    .filter(({ status }) => status !== "ordered");
}

function abandonedBefore(round: number, attempt: number) {
  const message = `Cannot finish round ${round}: its ${attempt} attempts were given up`;
  return { code: "quorum-missed", failure: { code: "quorum-missed", message } } as const;
}
