/** A session's report as a fold over what happens. */
import type { MissedBecause, Notice, RoundOutcome, SessionReport } from "../session-report.ts";
import type { Happening } from "./happenings.ts";
import { workAfter } from "./round-work.ts";

/** A report, and what the next happening needs to know. */
export interface SessionMemory {
  readonly report: SessionReport;
  /** The first round of which nothing is known yet; null: this device has not joined. */
  readonly nextRound: number | null;
  /** Why rounds that go by now are missed; null: this device is there. */
  readonly away: MissedBecause | null;
}

/** A clock that is further off than this is told of. */
const WRONG_CLOCK_MS = 120_000;

/** Before anything has happened. */
export const noMemory: SessionMemory = {
  report: {
    connection: { kind: "none" },
    clockOffsetMs: null,
    work: null,
    rounds: [],
    totalRounds: 0,
    transfers: [],
    ...{ bytesUp: 0, bytesDown: 0, messageBytesUp: 0 },
    accuracy: [],
    ...{ stepsPerSecond: null, secondsLeft: null },
    notices: [],
  },
  nextRound: null,
  away: null,
};

/** The memory after one more happening; parts that it does not touch stay the same objects. */
export function remember(memory: SessionMemory, happening: Happening): SessionMemory {
  const { report } = memory;
  const work = workAfter(report.work, happening);
  const after = step(memory, happening);
  if (after.report.work === work) return after;
  return { ...after, report: { ...after.report, work } };
}

function step(memory: SessionMemory, happening: Happening): SessionMemory {
  const { report } = memory;
  const withReport = (changes: Partial<SessionReport>): SessionMemory => ({
    ...memory,
    report: { ...report, ...changes },
  });
  switch (happening.type) {
    case "joined":
      return joined(memory, happening);
    case "away":
      return { ...memory, away: memory.away ?? happening.because };
    case "ordered":
      return ordered(memory, happening);
    case "answered":
      return answered(memory, happening);
    case "called-off":
      return calledOff(memory, happening);
    case "ended":
      return through(memory, happening.rounds, happening.at);
    case "transfer":
    case "messages":
      return counted(memory, happening);
    case "accuracy":
      return withReport({
        accuracy: placed(report.accuracy, happening.accuracy),
      });
    case "notice":
      return withReport({ notices: [...report.notices, happening.notice] });
    case "clock":
      return clockKnown(memory, happening);
    case "link": {
      const { link, at } = happening;
      if (link === report.connection.kind) return memory;
      return withReport({
        connection: link === "none" ? { kind: link } : { kind: link, since: at },
      });
    }
    case "trained":
      return withReport({ stepsPerSecond: speedOf(report, happening.at) ?? report.stepsPerSecond });
    case "received":
    case "step":
    case "sending":
    case "sent":
      return memory;
  }
}

type Of<Type extends Happening["type"]> = Extract<Happening, { readonly type: Type }>;

function joined(memory: SessionMemory, { committed, total }: Of<"joined">): SessionMemory {
  return {
    ...memory,
    nextRound: memory.nextRound ?? committed + 1,
    report: { ...memory.report, totalRounds: total },
  };
}

/** Rounds before the ordered one have gone by; that of earlier work, too, when it is another. */
function ordered(memory: SessionMemory, { round, at }: Of<"ordered">): SessionMemory {
  const known = through(memory, round - 1, at);
  return { ...known, away: null, nextRound: Math.max(round, known.nextRound ?? round) };
}

/** Fills the rounds up to one that nothing was heard of. */
function through(memory: SessionMemory, last: number, at: number): SessionMemory {
  const { nextRound, away, report } = memory;
  if (nextRound === null || last < nextRound) return memory;
  const wasAsked = report.work?.round;
  const gone = Array.from({ length: last - nextRound + 1 }, (_, k): RoundOutcome => {
    const round = nextRound + k;
    const facts = { round, at, code: null, message: null, bytes: 0 };
    if (away === null && round !== wasAsked)
      return { ...facts, result: "not-asked", because: null };
    return { ...facts, result: "missed", because: away ?? "slow" };
  });
  const rounds = gone.reduce<readonly RoundOutcome[]>(
    (list, outcome) =>
      list.some((known) => known.round === outcome.round) ? list : placed(list, outcome),
    report.rounds,
  );
  return { ...memory, nextRound: last + 1, report: withTime({ ...report, rounds }) };
}

function answered(memory: SessionMemory, answer: Of<"answered">): SessionMemory {
  const { type: _, ...facts } = answer;
  return settled(memory, { ...facts, because: null });
}

function calledOff(memory: SessionMemory, { round, code, at }: Of<"called-off">): SessionMemory {
  // An evaluation is called off under the number of a round that is long settled.
  const isSettled = memory.report.rounds.some((known) => known.round === round);
  if (isSettled || memory.report.work?.round !== round) return memory;
  const isSlow = code === "late-update" || code === "timeout";
  const because = memory.away ?? (isSlow ? "slow" : "called-off");
  const facts = { round, at, code, message: null, bytes: 0 };
  return settled(memory, { ...facts, result: "missed", because });
}

function settled(memory: SessionMemory, outcome: RoundOutcome): SessionMemory {
  const { report, nextRound } = memory;
  const rounds = placed(report.rounds, outcome);
  return {
    ...memory,
    nextRound: Math.max(nextRound ?? 0, outcome.round + 1),
    report: withTime({ ...report, rounds }),
  };
}

/** A list by rounds with one more entry; of two of one round the later stays. */
function placed<Entry extends { readonly round: number }>(
  list: readonly Entry[],
  entry: Entry,
): readonly Entry[] {
  const last = list.at(-1);
  if (last === undefined || last.round < entry.round) return [...list, entry];
  const others = list.filter(({ round }) => round !== entry.round);
  return [...others, entry].toSorted((a, b) => a.round - b.round);
}

/** Rounds whose times tell how long the rest takes. */
const TIMED_ROUNDS = 6;

/** With the time that is left, once two rounds after one another have shown how long one takes. */
function withTime(report: SessionReport): SessionReport {
  const { rounds, totalRounds } = report;
  const lately = rounds.filter(({ result }) => result === "accepted").slice(-TIMED_ROUNDS);
  const pauses = lately.flatMap(({ round, at }, k) => {
    const before = lately[k - 1];
    return before?.round === round - 1 ? [(at - before.at) / 1000] : [];
  });
  const each = pauses.toSorted((a, b) => a - b)[Math.floor(pauses.length / 2)];
  const left = totalRounds - (rounds.at(-1)?.round ?? 0);
  return { ...report, secondsLeft: each === undefined ? null : each * Math.max(0, left) };
}

function counted(memory: SessionMemory, happening: Of<"transfer"> | Of<"messages">): SessionMemory {
  const { report } = memory;
  if (happening.type === "messages") {
    const { bytesUp, bytesDown } = happening;
    const sums = {
      bytesUp: report.bytesUp + bytesUp,
      bytesDown: report.bytesDown + bytesDown,
      messageBytesUp: report.messageBytesUp + bytesUp,
    };
    return { ...memory, report: { ...report, ...sums } };
  }
  const { transfer } = happening;
  const [up, down] = transfer.direction === "up" ? [transfer.bytes, 0] : [0, transfer.bytes];
  const sums = { bytesUp: report.bytesUp + up, bytesDown: report.bytesDown + down };
  return {
    ...memory,
    report: { ...report, ...sums, transfers: [...report.transfers, transfer] },
  };
}

function clockKnown(memory: SessionMemory, { offsetMs, at }: Of<"clock">): SessionMemory {
  const { report } = memory;
  const isTold = report.notices.some(({ kind }) => kind === "clock-wrong");
  const isWrong = Math.abs(offsetMs) > WRONG_CLOCK_MS;
  const notice: Notice = { kind: "clock-wrong", at, offsetMs };
  const notices = isWrong && !isTold ? [...report.notices, notice] : report.notices;
  return { ...memory, report: { ...report, clockOffsetMs: offsetMs, notices } };
}

function speedOf({ work }: SessionReport, at: number): number | null {
  const { startedAt = null, done = 0 } = work?.learn ?? {};
  if (startedAt === null || done === 0) return null;
  const seconds = (at - startedAt) / 1000;
  return seconds > 0 ? done / seconds : null;
}
