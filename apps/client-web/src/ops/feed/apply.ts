/** Puts a patch into the query cache, and reads anew what it only touches. */
import type { QueryClient } from "@tanstack/react-query";
import type { OutputOf } from "@fedtune/api";
import { keys } from "../api/keys.ts";
import { patchedList, patchedMembers } from "./patches.ts";
import type { ListKind, MembersPatch, RunPart, RunPatch } from "./patches.ts";

type Run = OutputOf<"getRun">;

/** Keys of what the feed itself keeps of a run. */
export const feedKeys = {
  members: (run: string) => [...keys.run(run), "members"],
} as const;

/** A run's parts in the cache. */
interface Place {
  readonly cache: QueryClient;
  readonly run: string;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

const partKeys = {
  run: keys.run,
  rounds: keys.rounds,
  evaluations: keys.evaluations,
  attempts: keys.attempts,
  refusals: keys.refusals,
  participants: keys.participants,
} as const satisfies Record<Exclude<RunPart, "openRound">, (run: string) => readonly string[]>;

function patchRun({ cache, run, nowMs }: Place, { state, rounds }: RunPatch): void {
  if (state === null && rounds.length === 0) return;
  const key = keys.run(run);
  // A countdown counts from when it was told: only a new state makes the run new.
  const updatedAt = state === null ? (cache.getQueryState(key)?.dataUpdatedAt ?? nowMs) : nowMs;
  cache.setQueryData<Run>(
    key,
    (known) => {
      if (known === undefined) return undefined;
      const committedRounds = Math.max(known.committedRounds, rounds.at(-1)?.round ?? 0);
      const next = state ?? known.state;
      const { phase } = next;
      const hasEnded = phase === "completed" || phase === "failed" || phase === "stopped";
      return { ...known, state: next, committedRounds, status: hasEnded ? phase : known.status };
    },
    { updatedAt },
  );
}

/** What lists of rounds have in common. */
interface OfRound {
  readonly round: number;
}

/** Whether the list could be patched. */
function patchList(
  { cache, nowMs }: Place,
  key: readonly unknown[],
  change: ListKind & { readonly items: readonly OfRound[] },
): boolean {
  if (change.items.length === 0) return true;
  const known = cache.getQueryData<readonly OfRound[]>(key);
  const next = known === undefined ? null : patchedList(known, change.items, change);
  if (next === null) return false;
  cache.setQueryData(key, next, { updatedAt: nowMs });
  return true;
}

function patchMembers({ cache, run }: Place, { members }: RunPatch): void {
  if (members === null) return;
  cache.setQueryData<MembersPatch | null>(feedKeys.members(run), (known) =>
    patchedMembers(known ?? null, members),
  );
}

/** Applies a patch; the result is what has to be read anew. */
export function applyPatch(place: Place, patch: RunPatch): ReadonlySet<RunPart> {
  const { run } = place;
  const touched = new Set(patch.touched);
  patchRun(place, patch);
  const rounds = { items: patch.rounds, isDense: true };
  if (!patchList(place, keys.rounds(run), rounds)) touched.add("rounds");
  const evaluations = { items: patch.evaluations, isDense: false };
  if (!patchList(place, keys.evaluations(run), evaluations)) touched.add("evaluations");
  patchMembers(place, patch);
  if (patch.state !== null && patch.state.phase !== "collecting") touched.add("openRound");
  return touched;
}

/** Whether a cached round's details may still change. */
function isOpenRound(data: unknown): boolean {
  return (
    typeof data !== "object" || data === null || !("committed" in data) || data.committed === null
  );
}

/** Reads parts of a run anew, those that are on the page at once. */
export function readAnew(
  { cache, run }: Pick<Place, "cache" | "run">,
  parts: Iterable<RunPart>,
): void {
  const rounds = keys.rounds(run);
  for (const part of parts) {
    if (part === "openRound") {
      void cache.invalidateQueries({
        queryKey: rounds,
        predicate: ({ queryKey, state }) =>
          queryKey.length > rounds.length && isOpenRound(state.data),
      });
    } else void cache.invalidateQueries({ queryKey: partKeys[part](run), exact: true });
  }
}

/** Parts that a page may hold older than its feed: read again once the feed is followed. */
export const allParts: readonly RunPart[] = [
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
