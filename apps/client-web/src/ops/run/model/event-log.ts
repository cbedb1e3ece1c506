/** What happened in a run, line by line, from the attempts of its rounds. */
import { formatBytes, formatHash, formatTimer } from "@fedtune/figures";
import type { StateIcon, Tone } from "@fedtune/figures";
import { refusalText } from "../words.ts";
import type { AttemptTimeline, MemberTimeline, RoundDetails } from "./api-types.ts";

/** What lines are about, for filters. */
export const eventKinds = ["round", "update", "trouble"] as const;
/** One of {@link eventKinds}. */
export type EventKind = (typeof eventKinds)[number];

/** A line of the log. */
export interface LogEntry {
  /** The same for the same event, however often it is told. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  readonly kind: EventKind;
  readonly icon: StateIcon | "activity";
  readonly tone: Tone;
  readonly text: string;
}

/** What texts need to know of the run. */
export interface LogContext {
  readonly nameOf: (index: number) => string;
  readonly quorum: number;
  readonly maxNorm: number | null;
}

interface Place {
  readonly details: RoundDetails;
  readonly attempt: AttemptTimeline;
  readonly openedMs: number;
  readonly closedMs: number | null;
}

const looks = {
  accepted: { kind: "update", icon: "check", tone: "ok" },
  refused: { kind: "trouble", icon: "octagon-x", tone: "bad" },
  late: { kind: "trouble", icon: "clock-3", tone: "wait" },
  gone: { kind: "trouble", icon: "unplug", tone: "idle" },
  opened: { kind: "round", icon: "activity", tone: "idle" },
  closed: { kind: "round", icon: "activity", tone: "idle" },
  published: { kind: "round", icon: "check", tone: "ok" },
  abandoned: { kind: "trouble", icon: "rotate-ccw", tone: "wait" },
} as const satisfies Record<string, Pick<LogEntry, "kind" | "icon" | "tone">>;

type Look = keyof typeof looks;

function entry(place: Place, look: Look, rest: Pick<LogEntry, "id" | "atMs" | "text">): LogEntry {
  const { details, attempt } = place;
  const id = `${details.round}-${attempt.attempt}-${look}-${rest.id}`;
  return { ...looks[look], ...rest, id };
}

function memberEntry(place: Place, member: MemberTimeline, context: LogContext): LogEntry[] {
  const { details, openedMs, closedMs } = place;
  const { index, acceptedMs, refusedMs, code, bytesUp, status } = member;
  const name = member.client ?? context.nameOf(index);
  const id = String(index);
  if (acceptedMs !== null) {
    const text = `${name} uploaded ${formatBytes(bytesUp)}, accepted`;
    return [entry(place, "accepted", { id, atMs: openedMs + acceptedMs, text })];
  }
  if (refusedMs === null) return [];
  const atMs = openedMs + refusedMs;
  if (code === "late-update") {
    const after = closedMs === null ? "" : ` ${formatTimer(Math.max(atMs - closedMs, 0))}`;
    const text = `${name} came${after} after round ${details.round} closed; not used`;
    return [entry(place, "late", { id, atMs, text })];
  }
  if (code === null) {
    if (status !== "gone") return [];
    return [entry(place, "gone", { id, atMs, text: `${name} went away` })];
  }
  const verb = status === "declined" ? "declined" : "refused";
  const text = `${name} ${verb}: ${refusalText(code, context)}`;
  return [entry(place, "refused", { id, atMs, text })];
}

function attemptEntries(place: Place, context: LogContext): LogEntry[] {
  const { details, attempt, openedMs, closedMs } = place;
  const { round, committed, committedAt } = details;
  const again = attempt.attempt > 1 ? `, attempt ${attempt.attempt}` : "";
  const selected = `${attempt.members.length} selected, ${context.quorum} needed`;
  const entries = [
    entry(place, "opened", {
      ...{ id: "", atMs: openedMs, text: `Round ${round} opened${again}: ${selected}` },
    }),
    ...attempt.members.flatMap((member) => memberEntry(place, member, context)),
  ];
  if (closedMs !== null && attempt.status === "abandoned") {
    const text = `Round ${round}, attempt ${attempt.attempt} given up: ${refusalText(attempt.code ?? "internal", context)}`;
    entries.push(entry(place, "abandoned", { id: "", atMs: closedMs, text }));
  }
  if (closedMs !== null && attempt.status === "closed") {
    const accepted = attempt.members.filter((member) => member.status === "accepted").length;
    const text = `Round ${round} closed with ${accepted} updates`;
    entries.push(entry(place, "closed", { id: "", atMs: closedMs, text }));
  }
  if (committed?.attempt === attempt.attempt && committedAt !== null) {
    const hash = committed.adapters[0]?.hash;
    const adapter = hash === undefined ? "" : `, adapter ${formatHash(hash)}`;
    const text = `Round ${round} published${adapter}`;
    entries.push(entry(place, "published", { id: "", atMs: Date.parse(committedAt), text }));
  }
  return entries;
}

/** The events of some rounds, the latest first. */
export function eventLog(
  rounds: readonly RoundDetails[],
  context: LogContext,
): readonly LogEntry[] {
  const entries = rounds.flatMap((details) =>
    details.attempts.flatMap((attempt) => {
      const { openedAt, endedAt } = attempt;
      const closedMs = endedAt === null ? null : Date.parse(endedAt);
      return attemptEntries(
        { details, attempt, openedMs: Date.parse(openedAt), closedMs },
        context,
      );
    }),
  );
  // Of events at the same time the one that was written later is the later one.
  return entries.reverse().sort((a, b) => b.atMs - a.atMs);
}

/** Which lines a reader wants. */
export function eventsOf(
  entries: readonly LogEntry[],
  kind: EventKind | null,
): readonly LogEntry[] {
  return kind === null ? entries : entries.filter((one) => one.kind === kind);
}
