/** Follows a run into the query cache. */
import type { OutputOf } from "@fedtune/api";
import type { Clock } from "@fedtune/core";
import type { QueryClient } from "@tanstack/react-query";
import { allParts, applyPatch, readAnew } from "./apply.ts";
import { startBatcher } from "./batcher.ts";
import type { FramePorts } from "./batcher.ts";
import type { FeedState } from "./connection.ts";
import type { FeedStore } from "./feed-store.ts";
import type { LiveConnection } from "./live.ts";
import { nothing, withEvent } from "./patches.ts";
import type { RunPatch } from "./patches.ts";
import { touchedParts } from "./touched.ts";

/** What is followed, and where to. */
export interface Following {
  readonly cache: QueryClient;
  readonly live: LiveConnection;
  readonly run: string;
  readonly store: FeedStore;
}

/** What following needs of the page. */
export interface FollowPorts {
  readonly clock: Clock;
  readonly frames: FramePorts;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly isOnline: () => boolean;
}

/** Follows until the result is called. */
export function followInto({ cache, live, run, store }: Following, ports: FollowPorts): () => void {
  const { clock, frames, now, isOnline } = ports;
  const touched = touchedParts(clock, (parts) => {
    readAnew({ cache, run }, parts);
  });
  const batcher = startBatcher<OutputOf<"followRun">, RunPatch>(frames, {
    empty: nothing,
    fold: withEvent,
    flush: (patch) => {
      touched.add(applyPatch({ cache, run, nowMs: now() }, patch));
    },
  });
  const say = (name: FeedState["name"], heardAtMs = store.get()?.heardAtMs ?? null): void => {
    store.set({ name, heardAtMs });
  };
  say("reconnecting");
  const stop = live.follow(run, {
    event(event) {
      batcher.add(event);
      say("live", now());
    },
    live(isAnew) {
      // What was read before the feed was there may lack what happened in between.
      if (isAnew) touched.add(allParts);
      say("live", now());
    },
    lost: () => {
      say(isOnline() ? "reconnecting" : "offline");
    },
    ended: () => {
      say("ended");
    },
    refused: () => {
      say("offline");
    },
  });
  return () => {
    stop();
    batcher.close();
    touched.close();
    store.set(null);
  };
}
