/** A desk: where all that a data holder's part needs is done, out of the page's way. Its parts work on this. */
import { FedtuneError } from "@fedtune/core";
import type { BrowserTrainer } from "../../training/types.ts";
import type { ChosenFolder } from "../data/choices.ts";
import type { KeptHappening } from "../session/happenings.ts";
import { isKept } from "../session/happenings.ts";
import type { Happening } from "../session/happenings.ts";
import { remember } from "../session/report.ts";
import type { ParticipantDatabase } from "../storage/database.ts";
import { journalWriter } from "../storage/journal.ts";
import { readMembership, writeMembership } from "../storage/memberships.ts";
import type { StoredMembership } from "../storage/memberships.ts";
import type { Place } from "../storage/place.ts";
import type { DeskPorts, TabLine } from "./desk-ports.ts";
import type { DeskState } from "./state.ts";

/** What belongs to the run that is shown, and ends with it. */
export interface Road {
  readonly place: Place;
  /** To other tabs with the same run; null before it is opened. */
  line: TabLine | null;
  /** Aborted when another run is opened, or none. */
  readonly ends: AbortController;
  /** The engine over the run's base model; opened when it is needed first. */
  trainer: BrowserTrainer | null;
  /** The chosen file or folder, as long as this page lives: another mapping reads it again. */
  source: File | ChosenFolder | null;
  /** Ends the look at a file, or the check of the device, that is going on. */
  busy: AbortController | null;
  /** Taking part, while it goes on. */
  part: Part | null;
  /** Ends the wait for another tab to end. */
  waiting: AbortController | null;
  /** How far this device's clock is behind the coordinator's. */
  clockOffsetMs: number;
}

/** Taking part in a run. */
export interface Part {
  /** Resolves when everything is saved and closed; `isQuiet`: the coordinator is not told that this device leaves. */
  stop(how: { readonly isQuiet: boolean }): Promise<void>;
}

/** What the parts of a desk work on. */
export interface Desk {
  readonly ports: DeskPorts;
  readonly get: () => DeskState;
  readonly set: (changes: Partial<DeskState>) => void;
  /** Null before it is open, and where it cannot be opened. */
  database: ParticipantDatabase | null;
  road: Road | null;
  /** Writes to the journal, one after the other. */
  writing: Promise<void>;
  /** End waits for a better moment. */
  readonly wakers: Set<() => void>;
}

/** Makes one that knows nothing yet. */
export function newDesk(
  ports: DeskPorts,
  state: { readonly get: () => DeskState; readonly set: (changes: Partial<DeskState>) => void },
): Desk {
  const nothing = { database: null, road: null };
  return { ports, ...state, ...nothing, writing: Promise.resolve(), wakers: new Set() };
}

/** The open store. @throws FedtuneError `storage-failed` */
export function storeOf({ database }: Desk): ParticipantDatabase {
  if (database !== null) return database;
  const message = "Cannot go on: this browser's store is not open";
  throw new FedtuneError("storage-failed", message, { data: { reason: "unknown" } });
}

/** The run that is shown. @throws FedtuneError `usage` when there is none */
export function roadOf({ road }: Desk): Road {
  if (road !== null) return road;
  throw new FedtuneError("usage", "Cannot do this without an invitation: open a join link first");
}

/** Where the holder stands in the run that is shown. @throws FedtuneError `usage` when there is none */
export function membershipOf(desk: Desk): StoredMembership {
  const { membership } = desk.get();
  if (membership !== null) return membership;
  throw new FedtuneError("usage", "Cannot do this without an invitation: open a join link first");
}

/** Changes it, durably. */
export async function changeMembership(
  desk: Desk,
  changes: Partial<StoredMembership>,
): Promise<void> {
  const next = { ...membershipOf(desk), ...changes, lastAt: desk.ports.wallTime() };
  await writeMembership(storeOf(desk), next);
  desk.set({ membership: next });
}

/** Reads it again: another tab may have changed it. */
export async function refreshMembership(desk: Desk): Promise<StoredMembership> {
  const kept = await readMembership(storeOf(desk), roadOf(desk).place);
  if (kept !== null) desk.set({ membership: kept });
  return membershipOf(desk);
}

/** Takes note of something that happened in the run that is shown; what is kept is written in the order of the calls. */
export function tell(desk: Desk, happening: Happening): void {
  const { memory } = desk.get();
  const next = remember(memory, happening);
  if (next !== memory) desk.set({ memory: next });
  if (isKept(happening)) write(desk, happening);
}

function write(desk: Desk, happening: KeptHappening): void {
  const { database, road } = desk;
  if (database === null || road === null) return;
  const add = journalWriter(database, road.place);
  // A list that cannot be kept ends no training: what counts is written elsewhere, and fails there.
  desk.writing = desk.writing.then(() => add(happening)).catch(() => undefined);
}
