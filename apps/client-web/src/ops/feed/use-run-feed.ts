import { liveNamespace } from "@fedtune/api";
import { useQueryClient } from "@tanstack/react-query";
import { createContext, use, useEffect, useSyncExternalStore } from "react";
import { io } from "socket.io-client";
import { browserClock } from "../api/browser-ports.ts";
import { pageFrames } from "./batcher.ts";
import type { FeedState } from "./connection.ts";
import { feedStore } from "./feed-store.ts";
import { followInto } from "./follow-into.ts";
import { liveConnection } from "./live.ts";
import type { LiveConnection } from "./live.ts";

/** The page's connection; a test hands in its own. */
const LiveContext = createContext<LiveConnection>(
  liveConnection(
    () => io(liveNamespace, { autoConnect: false, transports: ["websocket"] }),
    browserClock,
  ),
);

/** The state of the feed that this page follows. */
const store = feedStore();

/** Keeps what the page has read of a run up to date for as long as it is shown. */
export function useRunFeed(run: string): void {
  const cache = useQueryClient();
  const live = use(LiveContext);
  useEffect(() => {
    const ports = { clock: browserClock, frames: pageFrames, now: () => Date.now() };
    const isOnline = (): boolean => navigator.onLine;
    return followInto({ cache, live, run, store }, { ...ports, isOnline });
  }, [cache, live, run]);
}

/** How the feed is that the page follows; null: it follows none. */
export function useFeedState(): FeedState | null {
  return useSyncExternalStore(store.watch, store.get);
}
