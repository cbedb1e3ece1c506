import {
  createContext,
  use,
  useCallback,
  useEffect,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from "react";
import type {
  Participant,
  ParticipantActions,
  ParticipantSnapshot,
} from "../../participant/index.ts";
import type { Scene } from "../model/run-words.ts";

/** What pages need of the world. */
interface World {
  readonly participant: Participant;
  readonly timeZone: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const WorldContext = createContext<World | null>(null);

/** What stands around the pages. */
export interface ParticipantProviderProps extends World {
  readonly children: ReactNode;
}

/** Gives its children the participant and the time. */
export const ParticipantProvider = ({ children, ...world }: ParticipantProviderProps) => (
  <WorldContext value={world}>{children}</WorldContext>
);

function useWorld(): World {
  const world = use(WorldContext);
  if (world === null) throw new RangeError("Cannot show a join page outside of its provider");
  return world;
}

/** The snapshot as it changes. */
export function useSnapshot(): ParticipantSnapshot {
  const { participant } = useWorld();
  const subscribe = useCallback(
    (changed: () => void) => participant.subscribe(changed),
    [participant],
  );
  const snapshot = () => participant.snapshot();
  return useSyncExternalStore(subscribe, snapshot, snapshot);
}

/** What can be done. What fails is in the snapshot: a button need not wait for it. */
export function useActions(): ParticipantActions {
  return useWorld().participant.actions;
}

/** Where and when the page is looked at; the time moves on once a second while something counts down. */
export function useScene({ ticks = false }: { readonly ticks?: boolean } = {}): Scene {
  const { now, timeZone } = useWorld();
  const [nowMs, setNow] = useState(now);
  useEffect(() => {
    if (!ticks) return;
    const timer = setInterval(() => setNow(now()), 1000);
    return () => clearInterval(timer);
  }, [now, ticks]);
  return { nowMs, timeZone };
}

/** Starts an action and forgets it: its failure shows in the snapshot. */
export function start(action: Promise<unknown>): void {
  action.catch(() => undefined);
}
