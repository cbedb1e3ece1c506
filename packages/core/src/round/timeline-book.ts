/** The notes of a timeline: attempts with their members, and the moments at which something became of them. */
import type { Clock } from "../ports.ts";
import { newMember } from "../store/member-row.ts";
import type { MemberRow } from "../store/member-row.ts";
import type { OpenAttempt } from "../store/store.ts";
import { lateBeside } from "./late.ts";
import { isOutstanding } from "./state.ts";
import type { MemberChange, MemberView } from "./timeline.ts";
import type { Member, MemberStatus, RoundEvent, RoundState } from "./types.ts";

/** What is noted of one member. */
export type Notes = { -readonly [Key in keyof Omit<MemberView, "atMs">]: MemberView[Key] };

/** An attempt and its members. */
export interface NotedAttempt {
  readonly round: number;
  readonly attempt: number;
  /** On the coordinator's clock. */
  readonly openedAt: number;
  readonly members: Map<number, Notes>;
  /** The engine has left it. */
  isOver: boolean;
}

/** Bytes of a participant since the last attempt that it was in. */
interface Travelled {
  up: number;
  down: number;
}

/** The attempt at hand, and the one before it: it may end after the next has opened. */
export interface Book {
  readonly clock: Pick<Clock, "now">;
  readonly left: OpenAttempt | null;
  readonly changed: (change: MemberChange) => void;
  current: NotedAttempt | null;
  before: NotedAttempt | null;
  readonly travelled: Map<number, Travelled>;
}

/** Begins the attempt that has just opened; one that was taken up is as old as it is, with what is stored of it. */
export function beginAttempt(book: Book, state: RoundState): void {
  const { round, attempt } = state;
  const { left, clock } = book;
  const isLeft = left?.round === round && left.attempt === attempt;
  const openedAt = clock.now() - (isLeft ? left.ageMs : 0);
  const noted: NotedAttempt = { round, attempt, openedAt, members: new Map(), isOver: false };
  const stored = isLeft ? left.updates.filter((update) => update.attempt === attempt) : [];
  for (const { member } of stored) {
    if (member === undefined) continue;
    noted.members.set(member.index, { ...notesOf(member.index, member.status), ...member });
    book.travelled.set(member.index, { up: member.bytesUp, down: member.bytesDown });
  }
  book.before = book.current;
  book.current = noted;
  for (const member of [...state.cohort, ...lateBeside(state)]) {
    const { index, status, away, uploading } = member;
    const notes = noted.members.get(index) ?? notesOf(index, status);
    noted.members.set(index, notes);
    notes.isAway = away;
    notes.isUploading = uploading;
    noteOrder(noted, notes, member);
    tell(book, noted, notes);
  }
}

/** Notes what the event that ended an attempt did to its last member: the state shows the next attempt already. */
export function noteLast(book: Book, noted: NotedAttempt, event: RoundEvent): void {
  noted.isOver = true;
  const status = impliedBy(event);
  const index = indexOf(event);
  const notes = index === null ? undefined : noted.members.get(index);
  if (status === null || notes === undefined || !isOutstanding(notes)) return;
  notes.status = status;
  notes.isAway = false;
  notes.refusedMs = sinceOpening(book, noted);
  tell(book, noted, notes);
}

function impliedBy(event: RoundEvent): MemberStatus | null {
  switch (event.type) {
    case "declined":
      return "declined";
    case "left":
      return "gone";
    case "timer":
      return event.timer.startsWith("grace-") ? "gone" : null;
    case "arrived":
      return event.problem === null ? null : "refused";
    case "stored":
      return event.outcome === "conflict" || event.outcome === "closed" ? "refused" : null;
    default:
      return null;
  }
}

/** The participant that an event is about, if it can change no other; null: any may have changed. */
export function indexOf(event: RoundEvent): number | null {
  if (event.type === "timer") {
    return event.timer.startsWith("grace-") ? Number(event.timer.slice("grace-".length)) : null;
  }
  return "index" in event ? event.index : null;
}

/** Notes how far a member is. */
export function noteMember(book: Book, noted: NotedAttempt, member: Member): void {
  const { index, status, away: isAway, uploading: isUploading } = member;
  const known = noted.members.get(index);
  const notes = known ?? notesOf(index, "ordered");
  if (known === undefined) noted.members.set(index, notes);
  else if (
    notes.status === status &&
    notes.isAway === isAway &&
    notes.isUploading === isUploading
  ) {
    return;
  }
  noteOrder(noted, notes, member);
  if (notes.status !== status) noteStatus(notes, status, sinceOpening(book, noted));
  notes.isAway = isAway;
  notes.isUploading = isUploading;
  tell(book, noted, notes);
}

function noteOrder({ round }: NotedAttempt, notes: Notes, { ordered = round }: Member): void {
  if (ordered < round) notes.order = ordered;
}

function noteStatus(notes: Notes, status: MemberStatus, ms: number): void {
  notes.status = status;
  notes.progress = null;
  switch (status) {
    case "training":
      notes.startedMs ??= ms;
      return;
    case "accepted":
      notes.acceptedMs = ms;
      return;
    case "refused":
    case "declined":
    case "gone":
      notes.refusedMs = ms;
      return;
    default:
  }
}

/** Members of an attempt that ends; what travels from here on counts for the next one that each is in. */
export function closeAttempt(book: Book, noted: NotedAttempt): readonly MemberRow[] {
  return sorted(noted).map((notes) => {
    const row = rowOf(book, notes);
    book.travelled.delete(notes.index);
    notes.bytesUp = row.bytesUp;
    notes.bytesDown = row.bytesDown;
    return row;
  });
}

/** Members in order of their index. */
export function sorted({ members }: NotedAttempt): readonly Notes[] {
  return [...members.values()].sort((a, b) => a.index - b.index);
}

/** What has travelled for a participant since its last attempt. */
export function travelledOf({ travelled }: Book, index: number): Travelled {
  const known = travelled.get(index);
  if (known !== undefined) return known;
  const made = { up: 0, down: 0 };
  travelled.set(index, made);
  return made;
}

function notesOf(index: number, status: MemberStatus): Notes {
  return { ...newMember(index, status), isAway: false, isUploading: false, progress: null };
}

/** A member as it is stored. */
export function rowOf({ travelled }: Book, notes: Notes): MemberRow {
  const { isAway: _away, isUploading: _uploading, progress: _progress, ...row } = notes;
  const bytes = travelled.get(notes.index);
  return bytes === undefined ? row : { ...row, bytesUp: bytes.up, bytesDown: bytes.down };
}

/** A member as those who look on see it. */
export function viewOf(book: Book, noted: NotedAttempt, notes: Notes): MemberView {
  const bytesDown = book.travelled.get(notes.index)?.down ?? notes.bytesDown;
  return { ...notes, bytesDown, atMs: sinceOpening(book, noted) };
}

/** Tells those who look on. */
export function tell(book: Book, noted: NotedAttempt, notes: Notes): void {
  const { round, attempt } = noted;
  book.changed({ round, attempt, member: viewOf(book, noted, notes) });
}

/** Whole milliseconds since an attempt opened. */
export function sinceOpening({ clock }: Book, { openedAt }: NotedAttempt): number {
  return Math.max(0, Math.round(clock.now() - openedAt));
}
