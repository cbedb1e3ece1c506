/** Events of a run gathered into one patch of what the page has read: however many there were, one change of each part. */
import type { OutputOf, ItemOf } from "@fedtune/api";

type RunEvent = OutputOf<"followRun">;
type EventOf<Type extends RunEvent["type"]> = Extract<RunEvent, { readonly type: Type }>;
type MemberChange = EventOf<"members">["members"][number];

/** What a run's parts in the query cache are called. */
export type RunPart =
  "run" | "rounds" | "evaluations" | "attempts" | "refusals" | "participants" | "openRound";

/** The latest changes of the open attempt's members, by index. */
export interface MembersPatch {
  readonly round: number;
  readonly attempt: number;
  readonly changes: ReadonlyMap<number, MemberChange>;
}

/** What some events come to. */
export interface RunPatch {
  /** The latest state; null: none was told. */
  readonly state: EventOf<"state">["state"] | null;
  readonly rounds: readonly ItemOf<"listRounds">[];
  readonly evaluations: readonly ItemOf<"listEvaluations">[];
  readonly members: MembersPatch | null;
  /** Parts of which more has changed than was told: they are read anew. */
  readonly touched: ReadonlySet<RunPart>;
}

/** A patch that changes nothing. */
export const nothing: RunPatch = {
  ...{ state: null, rounds: [], evaluations: [], members: null },
  touched: new Set(),
};

/** More rounds than this are read anew instead of held: a tab may be hidden for days. */
export const maxHeldRounds = 1000;
/** What a gap in the events may have changed. */
const afterGap: readonly RunPart[] = [
  ...([
    "run",
    "rounds",
    "evaluations",
    "attempts",
    "refusals",
    "participants",
    "openRound",
  ] as const),
];

const touch = (patch: RunPatch, parts: readonly RunPart[]): RunPatch => ({
  ...patch,
  touched: new Set([...patch.touched, ...parts]),
});

function withMembers(
  known: MembersPatch | null,
  { round, attempt, members }: EventOf<"members">,
): MembersPatch {
  const isSame = known?.round === round && known.attempt === attempt;
  const changes = new Map(isSame ? known.changes : []);
  for (const member of members) changes.set(member.index, member);
  return { round, attempt, changes };
}

function withItem<Item>(items: readonly Item[], item: Item): readonly Item[] {
  return items.length >= maxHeldRounds ? items : [...items, item];
}

/** The patch with one event more; later ones count over earlier ones. */
export function withEvent(patch: RunPatch, event: RunEvent): RunPatch {
  switch (event.type) {
    case "state":
      return { ...patch, state: event.state };
    case "round": {
      const isFull = patch.rounds.length >= maxHeldRounds;
      const next = { ...patch, rounds: withItem(patch.rounds, event.round) };
      return touch(next, [
        "run",
        "openRound",
        "participants",
        ...(isFull ? (["rounds"] as const) : []),
      ]);
    }
    case "evaluation": {
      const isFull = patch.evaluations.length >= maxHeldRounds;
      const next = { ...patch, evaluations: withItem(patch.evaluations, event.evaluation) };
      return touch(next, ["run", ...(isFull ? (["evaluations"] as const) : [])]);
    }
    case "refusal":
      return touch(patch, ["refusals", "participants"]);
    case "abandoned":
      return touch(patch, ["attempts", "openRound"]);
    case "members":
      return { ...patch, members: withMembers(patch.members, event) };
    case "missed":
      return touch(patch, afterGap);
  }
}

/** Members after a patch: what belongs to another attempt is forgotten. */
export function patchedMembers(
  known: MembersPatch | null,
  patch: MembersPatch | null,
): MembersPatch | null {
  if (patch === null) return known;
  if (known?.round !== patch.round || known.attempt !== patch.attempt) return patch;
  return { ...patch, changes: new Map([...known.changes, ...patch.changes]) };
}

/** Whether a list has an item for every round, so that a gap is seen. */
export interface ListKind {
  readonly isDense: boolean;
}

/** A list with the items of a patch in their places; null: there is a gap, so that it has to be read. */
export function patchedList<Item extends { readonly round: number }>(
  known: readonly Item[],
  items: readonly Item[],
  { isDense }: ListKind,
): readonly Item[] | null {
  if (items.length === 0) return known;
  const list = [...known];
  for (const item of items) {
    const place = placeOf(list, item.round);
    const before = list[place - 1];
    if (isDense && place === list.length && item.round !== (before?.round ?? 0) + 1) return null;
    list.splice(place, list[place]?.round === item.round ? 1 : 0, item);
  }
  return list;
}

/** The first place whose round is not before the given one; lists are in order of rounds. */
function placeOf(list: readonly { readonly round: number }[], round: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.round ?? 0) < round) low = middle + 1;
    else high = middle;
  }
  return low;
}
