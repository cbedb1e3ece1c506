/**
 * What becomes of each member of a cohort, and when: noted beside the engine for people who look on. Nothing that the
 * engine decides rests on it, and what it has noted of an open attempt ends with the process, but for what is stored with
 * accepted updates.
 */
import type { ErrorCode } from "../errors.ts";
import type { Metrics } from "../metrics.ts";
import type { Clock } from "../ports.ts";
import type { MemberRow } from "../store/member-row.ts";
import type { OpenAttempt } from "../store/store.ts";
import { lateBeside } from "./late.ts";
import { memberOf } from "./state.ts";
import {
  beginAttempt,
  closeAttempt,
  indexOf,
  noteLast,
  noteMember,
  rowOf,
  sinceOpening,
  sorted,
  tell,
  travelledOf,
  viewOf,
} from "./timeline-book.ts";
import type { Book, Notes } from "./timeline-book.ts";
import type { RoundEvent, RoundState } from "./types.ts";

/** A member as those who look on are told of it. */
export interface MemberView extends MemberRow {
  /** Its connection is lost and the grace is running. */
  readonly isAway: boolean;
  /** Its update is on the wire. */
  readonly isUploading: boolean;
  /** Share of its training, or of its upload, from 0 to 1; null: not known. */
  readonly progress: number | null;
  /** Milliseconds since the attempt opened. */
  readonly atMs: number;
}

/** What has changed for one member. */
export interface MemberChange {
  readonly round: number;
  readonly attempt: number;
  readonly member: MemberView;
}

/** The attempt at hand with its members, as far as this process knows. */
export interface AttemptTimeline {
  readonly round: number;
  readonly attempt: number;
  /** Milliseconds since it opened. */
  readonly ageMs: number;
  /** In order of their index. */
  readonly members: readonly MemberView[];
}

/** Notes what becomes of members. */
export interface Timeline {
  /** To be told of every step of the engine, before its effects are carried out. */
  follow(state: RoundState, event: RoundEvent): void;
  ordered(index: number): void;
  /** Bytes of an upload so far. */
  uploading(index: number, upload: { readonly received: number; readonly total: number }): void;
  /** An upload is there in full. */
  uploaded(index: number, bytes: number): void;
  fetched(index: number, bytes: number): void;
  announced(index: number, update: { readonly examples: number; readonly metrics: Metrics }): void;
  progress(index: number, at: { readonly round: number; readonly done: number }): void;
  refused(refusal: {
    readonly index: number;
    readonly round: number | null;
    readonly code: ErrorCode;
    readonly message: string;
  }): void;
  /** A member as it would be stored with its accepted update. */
  accepting(index: number): MemberRow | undefined;
  /** Members of an attempt that ends, ascending. */
  ended(at: { readonly round: number; readonly attempt: number }): readonly MemberRow[];
  /** Null before the first attempt. */
  now(): AttemptTimeline | null;
}

/** What a timeline needs. */
export interface TimelineOptions {
  readonly clock: Pick<Clock, "now">;
  /** In buffered mode the members of a cohort change while the attempt goes on, several at a time. */
  readonly isBuffered: boolean;
  /** The attempt that an earlier process left; null: none. */
  readonly left: OpenAttempt | null;
  readonly changed: (change: MemberChange) => void;
}

/** Starts to note. */
export function openTimeline({ isBuffered, ...options }: TimelineOptions): Timeline {
  const book: Book = { ...options, current: null, before: null, travelled: new Map() };
  const change = (index: number, set: (notes: Notes, ms: number) => void): void => {
    const notes = book.current?.members.get(index);
    if (book.current === null || notes === undefined) return;
    set(notes, sinceOpening(book, book.current));
    tell(book, book.current, notes);
  };
  const isNow = (index: number, round: number | null): boolean =>
    isBuffered ||
    round === null ||
    round === book.current?.round ||
    round === book.current?.members.get(index)?.order;
  return {
    ...bytesPart(book, change),
    follow: (state, event) => {
      follow(book, { state, event, isBuffered });
    },
    ordered(index) {
      change(index, (notes, ms) => (notes.orderedMs = ms));
    },
    announced(index, { examples, metrics: { seconds = -1 } }) {
      change(index, (notes) => {
        notes.examples = examples;
        notes.trainingSeconds = seconds >= 0 ? seconds : null;
      });
    },
    progress(index, { round, done }) {
      if (!isNow(index, round)) return;
      change(index, (notes) => {
        if (notes.status === "training") notes.progress = done;
      });
    },
    refused({ index, round, code, message }) {
      if (!isNow(index, round)) return;
      change(index, (notes, ms) => {
        notes.code = code;
        notes.message = message.slice(0, 2000);
        notes.refusedMs = ms;
      });
    },
    accepting(index) {
      const { current } = book;
      const notes = current?.members.get(index);
      if (current === null || notes === undefined) return undefined;
      return { ...rowOf(book, notes), status: "accepted", acceptedMs: sinceOpening(book, current) };
    },
    ended({ round, attempt }) {
      const noted = [book.current, book.before].find(
        (one) => one?.round === round && one.attempt === attempt,
      );
      return noted === undefined || noted === null ? [] : closeAttempt(book, noted);
    },
    now: () => nowOf(book),
  };
}

type Change = (index: number, set: (notes: Notes, ms: number) => void) => void;

function bytesPart(
  book: Book,
  change: Change,
): Pick<Timeline, "uploading" | "uploaded" | "fetched"> {
  return {
    uploading(index, { received, total }) {
      change(index, (notes) => {
        notes.bytesUp = travelledOf(book, index).up + received;
        notes.progress = total === 0 ? null : Math.min(1, received / total);
      });
    },
    uploaded(index, bytes) {
      const travelled = travelledOf(book, index);
      travelled.up += bytes;
      change(index, (notes, ms) => {
        notes.bytesUp = travelled.up;
        notes.uploadedMs = ms;
        notes.progress = null;
      });
    },
    fetched(index, bytes) {
      travelledOf(book, index).down += bytes;
    },
  };
}

/** Notes nothing: for coordinators that nobody looks at. */
export function noTimeline(): Timeline {
  const nothing = (): void => undefined;
  return {
    ...{ follow: nothing, ordered: nothing, uploading: nothing, uploaded: nothing },
    ...{ fetched: nothing, announced: nothing, progress: nothing, refused: nothing },
    ...{ accepting: () => undefined, ended: () => [], now: () => null },
  };
}

interface Step {
  readonly state: RoundState;
  readonly event: RoundEvent;
  readonly isBuffered: boolean;
}

function follow(book: Book, { state, event, isBuffered }: Step): void {
  const { current } = book;
  const { phase, round, attempt } = state;
  const isNew = current?.round !== round || current.attempt !== attempt;
  if (isNew) {
    if (current?.isOver === false) noteLast(book, current, event);
    if (phase === "collecting") beginAttempt(book, state);
    return;
  }
  const index = indexOf(event);
  if (index === null || isBuffered) {
    for (const one of state.cohort) noteMember(book, current, one);
    return;
  }
  const member = memberOf(state, index) ?? lateBeside(state).find((late) => late.index === index);
  if (member !== undefined) noteMember(book, current, member);
}

function nowOf(book: Book): AttemptTimeline | null {
  const { current } = book;
  if (current === null) return null;
  const members = sorted(current).map((notes) => viewOf(book, current, notes));
  const { round, attempt } = current;
  return { round, attempt, ageMs: sinceOpening(book, current), members };
}
