/** One connection to the live feed, shared by all that follow a run over it. It goes on where it was after a loss. */
import { followAnswer, liveEnd, liveEvent } from "@fedtune/api";
import type { OutputOf } from "@fedtune/api";
import { FedtuneError } from "@fedtune/core";
import type { Clock } from "@fedtune/core";

/** What the connection needs of a socket; socket.io's client fits. */
export interface LiveSocket {
  /** Whether it will connect again by itself. */
  readonly active: boolean;
  on(event: "connect" | "disconnect" | "connect_error", listener: () => void): unknown;
  on(event: "event" | "end", listener: (message: unknown) => void): unknown;
  emit(event: "follow", request: unknown, acknowledge: (answer: unknown) => void): unknown;
  emit(event: "unfollow", request: unknown): unknown;
  connect(): unknown;
  disconnect(): unknown;
}

/** Who follows a run. */
export interface RunFollower {
  event(event: OutputOf<"followRun">): void;
  /** `isAnew`: what happened before is not known; what was read before may be old. */
  live(isAnew: boolean): void;
  lost(): void;
  ended(): void;
  /** The coordinator does not let this page follow. */
  refused(error: FedtuneError): void;
}

/** The connection. */
export interface LiveConnection {
  /** Follows a run; the result ends that. */
  follow(run: string, follower: RunFollower): () => void;
}

interface Followed {
  readonly follower: RunFollower;
  /** The last event that was heard; null: none that can be gone on with. */
  last: string | null;
}

type FollowedRuns = ReadonlyMap<string, Followed>;

/** A coordinator that let go of the page, or did not let it in, is asked again after this. */
const againMs = 5_000;

function ask(socket: LiveSocket, run: string, one: Followed): void {
  const after = one.last;
  socket.emit("follow", { run, after }, (answer) => {
    const { data } = followAnswer.safeParse(answer);
    if (data?.ok === true) one.follower.live(after === null);
    else if (data !== undefined) {
      const { code, message, data: about } = data.error;
      one.follower.refused(new FedtuneError(code, message, { data: about }));
    }
  });
}

function heard(followed: FollowedRuns, message: unknown): void {
  const { data } = liveEvent.safeParse(message);
  const one = data === undefined ? undefined : followed.get(data.run);
  if (data === undefined || one === undefined) return;
  one.last = data.id ?? one.last;
  one.follower.event(data.event);
}

function over(socket: LiveSocket, followed: FollowedRuns, message: unknown): void {
  const { data } = liveEnd.safeParse(message);
  const one = data === undefined ? undefined : followed.get(data.run);
  if (data === undefined || one === undefined) return;
  if (data.forGood) one.follower.ended();
  else ask(socket, data.run, one);
}

/** An open connection. */
interface Line {
  readonly socket: LiveSocket;
  isConnected: boolean;
  close(): void;
}

function openLine(socket: LiveSocket, followed: FollowedRuns, clock: Clock): Line {
  let stopWaiting: (() => void) | null = null;
  const line: Line = {
    ...{ socket, isConnected: false },
    close() {
      stopWaiting?.();
      socket.disconnect();
    },
  };
  const lost = (): void => {
    line.isConnected = false;
    for (const { follower } of followed.values()) follower.lost();
    // It connects again by itself after a lost connection, but not where the other end has closed it.
    if (socket.active) return;
    stopWaiting?.();
    stopWaiting = clock.after(againMs, () => socket.connect());
  };
  socket.on("connect", () => {
    line.isConnected = true;
    for (const [run, one] of followed) ask(socket, run, one);
  });
  socket.on("disconnect", lost);
  socket.on("connect_error", lost);
  socket.on("event", (message) => {
    heard(followed, message);
  });
  socket.on("end", (message) => {
    over(socket, followed, message);
  });
  socket.connect();
  return line;
}

/** Opens the connection with the first follower and closes it after the last. */
export function liveConnection(open: () => LiveSocket, clock: Clock): LiveConnection {
  const followed = new Map<string, Followed>();
  let line: Line | null = null;
  return {
    follow(run, follower) {
      const one: Followed = { follower, last: null };
      followed.set(run, one);
      line ??= openLine(open(), followed, clock);
      if (line.isConnected) ask(line.socket, run, one);
      return () => {
        if (followed.get(run) !== one) return;
        followed.delete(run);
        if (line?.isConnected === true) line.socket.emit("unfollow", { run });
        if (followed.size > 0) return;
        // What is said while it closes is for nobody.
        const closing = line;
        line = null;
        closing?.close();
      };
    },
  };
}
