/** The live feed: a namespace of the coordinator's sockets for people and programs who may read runs. */
import { followRequest, unfollowRequest } from "@fedtune/api";
import type { FollowAnswer, LiveEnd, LiveEvent } from "@fedtune/api";
import { asFedtuneError, FedtuneError, isFedtuneError, parseInput } from "@fedtune/core";
import type { Clock } from "@fedtune/core";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Namespace, Socket } from "socket.io";
import { tokenBucket } from "../limits.ts";
import type { ServerLog } from "../log.ts";
import { clientAddress } from "../security/client-address.ts";
import type { IsTrusted } from "../security/client-address.ts";
import { requireScope } from "../security/principal.ts";
import type { Security } from "../security/security.ts";
import { liveFeeds } from "./live-feeds.ts";
import type { LiveFeeds, LiveOutlet } from "./live-feeds.ts";
import type { RunService } from "./run-service.ts";

/** What the live feed stands on. */
export interface LiveOptions {
  readonly namespace: Namespace;
  readonly runs: Pick<RunService, "follow">;
  readonly security: Pick<Security, "authenticate" | "revocations"> & {
    readonly limits: Pick<Security["limits"], "takeAt">;
  };
  readonly isTrusted: IsTrusted;
  readonly clock: Clock;
  readonly log: Pick<ServerLog, "failed">;
  /** Connections at a time; default 256. */
  readonly maxConnections?: number;
  /** How often it is asked whether readers still may; default one minute. */
  readonly recheckMs?: number;
  /** What may wait to be sent to one reader; default 1 MB. */
  readonly maxBehindBytes?: number;
}

/** A live feed that is served. */
export interface LiveFeed {
  close(): void;
}

/** What a reader may say at once, and then per second. */
const WORDS = { burst: 60, perSecond: 10 };

/** Serves the namespace. */
export function serveLive(options: LiveOptions): LiveFeed {
  const { namespace, security, clock, maxConnections = 256, recheckMs = 60_000 } = options;
  namespace.use((socket, next) => {
    admit(options, socket, maxConnections).then(
      () => {
        next();
      },
      (error: unknown) => {
        next(refusal(error));
      },
    );
  });
  namespace.on("connection", (socket) => {
    attend(options, socket);
  });
  const recheck = (): void => {
    for (const socket of namespace.sockets.values()) void holdToAdmission(options, socket);
  };
  const stopListening = security.revocations.listen(({ kind }) => {
    if (kind !== "client") recheck();
  });
  const timer = repeating(clock, recheckMs, recheck);
  return {
    close() {
      stopListening();
      timer.stop();
      namespace.disconnectSockets(true);
    },
  };
}

async function admit(
  { namespace, security, isTrusted }: LiveOptions,
  socket: Socket,
  most: number,
): Promise<void> {
  await security.limits.takeAt("handshakes", clientAddress(socket.request, isTrusted));
  if (namespace.sockets.size >= most) {
    const message = `Cannot take another reader: ${namespace.sockets.size} are there`;
    throw new FedtuneError("rate-limited", message);
  }
  requireScope(await security.authenticate(askingOf(socket)), "runs:read");
}

/** A session's cookie comes with the handshake; a token as `auth.token`, or as a header where a program can set one. */
function askingOf({ request, handshake }: Socket): {
  readonly method: "GET";
  readonly headers: IncomingHttpHeaders;
} {
  const { headers }: IncomingMessage = request;
  const token: unknown = handshake.auth["token"];
  const bearer = typeof token === "string" ? { authorization: `Bearer ${token}` } : {};
  return { method: "GET", headers: { ...headers, ...bearer } };
}

/** Cuts a reader whom nothing admits any more; a database that is away cuts nobody. */
async function holdToAdmission({ security, log }: LiveOptions, socket: Socket): Promise<void> {
  try {
    const principal = await security.authenticate(askingOf(socket), { quietly: true });
    requireScope(principal, "runs:read");
  } catch (error) {
    if (isFedtuneError(error) && error.code !== "storage-failed") socket.disconnect(true);
    else log.failed("looking whether a reader still may", error);
  }
}

function attend(options: LiveOptions, socket: Socket): void {
  const { clock, runs, maxBehindBytes = 1 << 20 } = options;
  const queue = outgoing(socket, maxBehindBytes);
  const outlet: LiveOutlet = {
    event(run, id, event) {
      socket.emit("event", { run, id, event } satisfies LiveEvent);
    },
    end(run, forGood) {
      socket.emit("end", { run, forGood } satisfies LiveEnd);
    },
    isFull: () => queue.isFull(),
  };
  const feeds = liveFeeds(runs, outlet);
  queue.drained(() => {
    feeds.drained();
  });
  const allowed = tokenBucket(clock, WORDS);
  socket.onAny((word: unknown, request: unknown, acknowledge: unknown) => {
    if (!allowed()) {
      socket.disconnect(true);
      return;
    }
    void answer(options, feeds, { word, request }).then((told) => {
      // Socket.io hands a function over where the reader asked for an answer.
      if (typeof acknowledge === "function") (acknowledge as (told: FollowAnswer) => void)(told);
    });
  });
  socket.on("disconnect", () => {
    feeds.close();
  });
  // It may have been revoked while it was let in.
  void holdToAdmission(options, socket);
}

async function answer(
  { log }: LiveOptions,
  feeds: LiveFeeds,
  { word, request }: { readonly word: unknown; readonly request: unknown },
): Promise<FollowAnswer> {
  try {
    await hear(feeds, word, request);
    return { ok: true };
  } catch (error) {
    if (!isFedtuneError(error)) log.failed("a word of a reader", error);
    const { code, message, data } = isFedtuneError(error)
      ? error
      : new FedtuneError("internal", "The server failed");
    return { ok: false, error: { code, message, data: { ...data } } };
  }
}

async function hear(feeds: LiveFeeds, word: unknown, request: unknown): Promise<void> {
  const reading = { what: "a word of the live feed", code: "message-invalid" } as const;
  if (word === "follow") {
    const { run, after } = parseInput(followRequest, request, reading);
    await feeds.follow(run, after);
  } else if (word === "unfollow") {
    feeds.unfollow(parseInput(unfollowRequest, request, reading).run);
  } else {
    throw new FedtuneError(
      "message-invalid",
      "Cannot do what the live feed was asked: wanted follow or unfollow",
    );
  }
}

/** What waits to be written: packets are counted as they are made, and no more once they are on their way. */
function outgoing(
  { conn }: Socket,
  most: number,
): { isFull(): boolean; drained(listener: () => void): void } {
  let waiting = 0;
  let listener = (): void => undefined;
  conn.on("packetCreate", ({ data }: { readonly data?: unknown }) => {
    waiting += typeof data === "string" ? data.length : 0;
  });
  conn.on("flush", () => {
    const wasFull = waiting >= most;
    waiting = 0;
    // Within the flush nothing may be written.
    if (wasFull) queueMicrotask(listener);
  });
  return {
    isFull: () => waiting >= most,
    drained(called) {
      listener = called;
    },
  };
}

/** What a refused reader gets to see; of faults of our own, nothing. */
function refusal(error: unknown): Error {
  const { code, message, data } = isFedtuneError(error)
    ? error
    : asFedtuneError(new Error("The server failed"));
  return Object.assign(new Error(message), { data: { code, data } });
}

function repeating(clock: Clock, ms: number, work: () => void): { stop(): void } {
  let stop = (): void => undefined;
  const next = (): void => {
    stop = clock.after(ms, () => {
      work();
      next();
    });
  };
  next();
  return {
    stop: () => {
      stop();
    },
  };
}
