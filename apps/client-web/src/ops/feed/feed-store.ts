/** How the feed that the page follows is, for whoever shows it. */
import type { FeedState } from "./connection.ts";

/** The state as it is watched; null: no feed is followed. */
export interface FeedStore {
  readonly get: () => FeedState | null;
  readonly set: (state: FeedState | null) => void;
  readonly watch: (changed: () => void) => () => void;
}

/** Makes a store. */
export function feedStore(): FeedStore {
  let state: FeedState | null = null;
  const watchers = new Set<() => void>();
  return {
    get: () => state,
    set(next) {
      if (next?.name === state?.name && next?.heardAtMs === state?.heardAtMs) return;
      state = next;
      for (const changed of watchers) changed();
    },
    watch(changed) {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
  };
}
