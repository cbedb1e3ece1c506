/** The events of open runs: held in memory, a bounded number per run, and told to whoever follows. */
import { FedtuneError, hasEnded } from "@fedtune/core";
import type {
  Clock,
  Coordinator,
  CoordinatorListener,
  MemberChange,
  MemberView,
  RunConfig,
  RunId,
} from "@fedtune/core";
import type { OpenRun } from "../run-registry.ts";
import { eventRing } from "./event-ring.ts";
import type { EventRing } from "./event-ring.ts";
import type { Feed } from "./feed.ts";
import { hidesPresence, publicEvaluation, publicRound } from "./public-history.ts";
import type { RunEvent, RunStateView } from "./run-service.ts";
import { stateView } from "./run-view.ts";

/** Changes of members that weigh as much as another event. */
const MEMBERS_PER_WEIGHT = 8;

/** What events need, and how many are held. */
export interface RunEventsOptions {
  readonly clock: Clock;
  /** A name that no other process and no earlier call has given; event ids start with it. */
  readonly newName: () => string;
  /** Events held per run. */
  readonly capacity?: number;
  /** How long changes of counts alone are gathered. */
  readonly gatherMs?: number;
  /** Readers of all runs together. */
  readonly maxReaders?: number;
}

/** The events of all open runs. */
export interface RunEvents {
  /** Starts to hold the events of a run; `open` gives it once it is there. */
  watch(run: RunId, config: RunConfig, open: () => OpenRun | undefined): CoordinatorListener;
  /** Ends the streams of a run: nothing more will happen to it. */
  ended(run: RunId): void;
  /** Null for a run that is not watched. */
  feed(run: RunId): Feed<RunEvent> | null;
  /** Ends the streams of a run for good and forgets its events. */
  forget(run: RunId): void;
  /** Ends all streams; their readers may come back. */
  close(): void;
}

/** Makes the events of a server. */
export function runEvents(options: RunEventsOptions): RunEvents {
  const { clock, newName, capacity = 1_000, gatherMs = 250, maxReaders = 1_000 } = options;
  const rings = new Map<RunId, EventRing<RunEvent>>();
  const admit = (): void => {
    const readers = [...rings.values()].reduce((sum, ring) => sum + ring.readers(), 0);
    if (readers < maxReaders) return;
    const message = `Cannot follow: ${readers} readers follow already, wanted fewer than ${maxReaders}`;
    throw new FedtuneError("rate-limited", message, { data: { readers, maxReaders } });
  };
  return {
    watch(run, config, open) {
      let state: RunStateView | null = null;
      const current = (): readonly RunEvent[] => {
        const opened = open();
        if (opened === undefined) return state === null ? [] : [{ type: "state", state }];
        const { coordinator } = opened;
        const now = stateView(coordinator.state(), opened.countdown(), config);
        return [{ type: "state", state: now }, ...membersNow(coordinator, config)];
      };
      const ring = eventRing<RunEvent>({
        ...{ name: newName(), capacity, weigh, admit, current, missed: { type: "missed" } },
      });
      rings.get(run)?.end(true);
      rings.set(run, ring);
      const tell = stateTeller({ clock, gatherMs }, (view) => {
        state = view;
        ring.push({ type: "state", state: view });
      });
      const members = memberGatherer({ clock, gatherMs }, (event) => {
        ring.push(event);
      });
      const listener = listenerOf(config, ring, (next) => {
        const view = stateView(next, open()?.countdown() ?? null, config);
        if (hasEnded(next)) members.flush();
        tell(view);
        if (hasEnded(next)) ring.end(true);
      });
      if (hidesPresence(config)) return listener;
      return {
        ...listener,
        memberChanged: (change) => {
          members.note(change);
        },
      };
    },
    ended: (run) => rings.get(run)?.end(true),
    feed: (run) => rings.get(run) ?? null,
    forget(run) {
      rings.get(run)?.end(true);
      rings.delete(run);
    },
    close() {
      for (const ring of rings.values()) ring.end(false);
    },
  };
}

function listenerOf(
  config: RunConfig,
  ring: EventRing<RunEvent>,
  stateChanged: NonNullable<CoordinatorListener["stateChanged"]>,
): CoordinatorListener {
  const listener: CoordinatorListener = {
    stateChanged,
    roundCommitted: (row) => {
      ring.push({ type: "round", round: publicRound(row, config) });
    },
    evaluated: (row) => {
      ring.push({ type: "evaluation", evaluation: publicEvaluation(row, config) });
    },
  };
  if (hidesPresence(config)) return listener;
  return {
    ...listener,
    refused: ({ client, code, message, round }) => {
      ring.push({ type: "refusal", refusal: { client, code, message, round } });
    },
    attemptAbandoned: ({ round, attempt, code }) => {
      ring.push({ type: "abandoned", attempt: { round, attempt, code } });
    },
  };
}

function weigh(event: RunEvent): number {
  return event.type === "members" ? 1 + Math.floor(event.members.length / MEMBERS_PER_WEIGHT) : 1;
}

/** The members of the attempt at hand as they are, for a reader that comes anew. */
function membersNow(coordinator: Coordinator, config: RunConfig): readonly RunEvent[] {
  const now = coordinator.timeline();
  const { phase, round, attempt } = coordinator.state();
  const isAtHand = now?.round === round && now.attempt === attempt && phase !== "waiting";
  if (!isAtHand || hidesPresence(config)) return [];
  return [{ type: "members", round, attempt, members: now.members.map(changeOf) }];
}

/** Gathers what changes for members, the last word of each, and tells it a little later. */
function memberGatherer(
  { clock, gatherMs }: { readonly clock: Clock; readonly gatherMs: number },
  push: (event: RunEvent) => void,
): { note(change: MemberChange): void; flush(): void } {
  const gathered = new Map<number, MemberView>();
  let of: Pick<MemberChange, "round" | "attempt"> | null = null;
  let stop: (() => void) | null = null;
  const flush = (): void => {
    stop?.();
    stop = null;
    if (of === null || gathered.size === 0) return;
    const { round, attempt } = of;
    const members = [...gathered.values()].map(changeOf);
    gathered.clear();
    push({ type: "members", round, attempt, members });
  };
  return {
    note({ round, attempt, member }) {
      if (of?.round !== round || of.attempt !== attempt) flush();
      of = { round, attempt };
      gathered.set(member.index, member);
      stop ??= clock.after(gatherMs, flush);
    },
    flush,
  };
}

function changeOf(member: MemberView): Extract<RunEvent, { type: "members" }>["members"][number] {
  const { index, status, isAway, isUploading, atMs, progress, bytesUp, code } = member;
  return { index, status, isAway, isUploading, atMs, progress, bytesUp, code };
}

/** Tells a state at once when the run has taken a step, and after a while when only counts have changed. */
function stateTeller(
  { clock, gatherMs }: { readonly clock: Clock; readonly gatherMs: number },
  push: (state: RunStateView) => void,
): (state: RunStateView) => void {
  let told: RunStateView | null = null;
  let latest: RunStateView | null = null;
  let stop: (() => void) | null = null;
  const flush = (): void => {
    stop?.();
    stop = null;
    if (latest === null || told === latest) return;
    told = latest;
    push(latest);
  };
  return (state) => {
    latest = state;
    if (told === null || stepOf(told) !== stepOf(state)) flush();
    else if (countsOf(told) !== countsOf(state)) stop ??= clock.after(gatherMs, flush);
  };
}

function stepOf({ phase, round, attempt, paused, failure }: RunStateView): string {
  return JSON.stringify([phase, round, attempt, paused, failure]);
}

function countsOf({ present, counts, target }: RunStateView): string {
  return JSON.stringify([present, counts, target]);
}
