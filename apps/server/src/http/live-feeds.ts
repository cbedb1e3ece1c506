/**
 * The feeds that one reader follows over one connection. What the reader has not taken yet is bounded: beyond that its
 * feeds stand still, and go on from the last event that was sent once it has caught up. Nothing is held for it meanwhile
 * but what the feeds hold for all.
 */
import { maxFollowed } from "@fedtune/api";
import { FedtuneError } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import type { Feed } from "./feed.ts";
import type { RunEvent, RunService } from "./run-service.ts";

/** The way to the reader. */
export interface LiveOutlet {
  event(run: RunId, id: string | null, event: RunEvent): void;
  /** There will be no more, `forGood` or until the reader asks anew. */
  end(run: RunId, forGood: boolean): void;
  /** So much waits to be sent that no more shall be added; {@link LiveFeeds.drained} is called after it. */
  isFull(): boolean;
}

/** The feeds of one reader. */
export interface LiveFeeds {
  /**
   * Follows a run after an event, in place of what was followed of it before; resolves when what is held was sent.
   *
   * @throws FedtuneError `run-unknown`; `rate-limited` for too many runs at a time, or too many readers
   */
  follow(run: RunId, after: string | null): Promise<void>;
  unfollow(run: RunId): void;
  /** The reader has caught up. */
  drained(): void;
  close(): void;
}

interface Followed {
  readonly run: RunId;
  /** Null until it is known which feed it is. */
  feed: Feed<RunEvent> | null;
  /** The last event that was sent; null: none that can be gone on after. */
  last: string | null;
  /** Ends reading; null: it stands still. */
  stop: (() => void) | null;
}

/** Makes the feeds of a reader that follows nothing yet. */
export function liveFeeds(runs: Pick<RunService, "follow">, outlet: LiveOutlet): LiveFeeds {
  const followed = new Map<RunId, Followed>();
  const leave = (one: Followed): void => {
    one.stop?.();
    one.stop = null;
    if (followed.get(one.run) === one) followed.delete(one.run);
  };
  return {
    async follow(run, after) {
      const before = followed.get(run);
      if (before !== undefined) leave(before);
      if (followed.size >= maxFollowed) throw tooMany();
      const one: Followed = { run, feed: null, last: after, stop: null };
      followed.set(run, one);
      try {
        const feed = await runs.follow(run);
        // Another word may have come meanwhile.
        if (followed.get(run) !== one) return;
        one.feed = feed;
        read(one, outlet, leave);
      } catch (error) {
        leave(one);
        throw error;
      }
    },
    unfollow(run) {
      const one = followed.get(run);
      if (one !== undefined) leave(one);
    },
    drained() {
      for (const one of followed.values()) {
        if (outlet.isFull()) return;
        if (one.stop === null && one.feed !== null) readAgain(one, outlet, leave);
      }
    },
    close() {
      for (const one of [...followed.values()]) leave(one);
    },
  };
}

/** Reads until the reader is behind; what comes after that is read again later. */
function read(one: Followed, outlet: LiveOutlet, leave: (one: Followed) => void): void {
  const { feed, run } = one;
  if (feed === null || outlet.isFull()) return;
  const state = { isOpen: true };
  const stand = (): void => {
    state.isOpen = false;
    one.stop?.();
    one.stop = null;
  };
  const stop = feed.read(one.last, {
    event(event, id) {
      if (!state.isOpen) return;
      outlet.event(run, id, event);
      one.last = id ?? one.last;
      // Events without an id belong to the next one that has one: a stand between them would begin all of them again.
      if (id !== null && outlet.isFull()) stand();
    },
    end(forGood) {
      // Who stands still has not heard everything: the end is told when it has.
      if (!state.isOpen) return;
      state.isOpen = false;
      leave(one);
      outlet.end(run, forGood);
    },
  });
  // It may have come to a stand, or to its end, while it was being read.
  if (state.isOpen) one.stop = stop;
  else stop();
}

/** Where too many read by now, the reader is told to ask again. */
function readAgain(one: Followed, outlet: LiveOutlet, leave: (one: Followed) => void): void {
  try {
    read(one, outlet, leave);
  } catch {
    leave(one);
    outlet.end(one.run, false);
  }
}

function tooMany(): FedtuneError {
  const message = `Cannot follow another run: ${maxFollowed} are followed on this connection already`;
  return new FedtuneError("rate-limited", message, { data: { maxFollowed } });
}
