/**
 * The wire over Redis: every process reads an inbox of its own, on a connection of its own, since that read waits.
 *
 * A cut loses nothing as long as the inbox is still there: reading goes on after the mark, and what was not acknowledged
 * is sent again with its number, by which the other side knows what it has heard. Where texts may be missing (the inbox
 * expired or overflowed, or Redis started anew, perhaps without the last of its data) the inbox is made anew, and the
 * listener is told.
 */
import { FedtuneError, isFedtuneError } from "@fedtune/core";
import type { Clock } from "@fedtune/core";
import type { Redis } from "ioredis";
import { randomUUID } from "node:crypto";
import type { RelayPlace } from "../operations/relay-place.ts";
import { connectRedis, inTime, isReply, unreachable } from "./redis-connection.ts";
import type { Patience } from "./redis-connection.ts";
import { inboxOf } from "./redis-inbox.ts";
import type { Inbox, Posted, Received } from "./redis-inbox.ts";
import type { Wire, WireListener } from "./wire.ts";

/** What the wire needs. */
export interface RedisWireOptions {
  readonly place: RelayPlace;
  /** Names the cluster among those that use the same Redis; no spaces. */
  readonly cluster: string;
  /** Name of this process. */
  readonly self: string;
  readonly clock: Clock;
  /** Hears why Redis cannot be reached any more, once until it can; it is tried again. */
  readonly failed: (error: FedtuneError) => void;
  /** Pause before lost connections are made again, and between signs of life; default 1 s. */
  readonly pauseMs?: number;
  /** About how many texts may wait in one inbox; default 100,000. */
  readonly capacity?: number;
}

/** Pauses after which a Redis that does not answer is given up. */
const PATIENCE = 20;
/** Pauses after which the inbox of a process that says nothing is gone. */
const LIFE = 60;
/** Texts that one transaction adds. */
const MOST_AT_ONCE = 1_000;
/** Texts that wait while Redis is away; older ones are dropped, and the listener is told. */
const MOST_WAITING = 100_000;
/** Senders whose last number is remembered: all processes of a cluster and many before them. */
const MOST_SENDERS = 1_000;

/** The two connections of one time. */
interface Session {
  readonly writer: Redis;
  readonly reader: Redis;
}

interface State extends Required<RedisWireOptions> {
  readonly inbox: Inbox;
  readonly patience: Patience;
  /** This opening of the wire. */
  readonly sender: string;
  session: Session | null;
  listener: WireListener | null;
  /** The entry that was read last; empty: there was no inbox yet. */
  mark: string;
  /** Which start of Redis the inbox was made in. */
  server: string;
  /** Not acknowledged yet, the oldest first. */
  waiting: Posted[];
  /** Texts were dropped of which the listener has not heard. */
  hasLost: boolean;
  /** By sender, the number of the text that was heard last. */
  readonly heard: Map<string, number>;
  /** Texts sent so far. */
  count: number;
  flushing: Promise<void> | null;
  open: boolean;
  cancel: () => void;
}

/**
 * Opens the wire; resolves when this process can be reached.
 *
 * @throws FedtuneError `storage-failed` when Redis cannot be used, naming its host
 */
export async function openRedisWire(options: RedisWireOptions): Promise<Wire> {
  const { pauseMs = 1_000, capacity = 100_000 } = options;
  const state: State = {
    ...{ ...options, pauseMs, capacity, sender: randomUUID() },
    inbox: inboxOf({ ...options, capacity, lifeMs: LIFE * pauseMs }),
    patience: { clock: options.clock, timeoutMs: PATIENCE * pauseMs },
    ...{ session: null, listener: null, mark: "", server: "", waiting: [], hasLost: false },
    ...{ heard: new Map(), count: 0, flushing: null, open: true, cancel: () => undefined },
  };
  await begin(state).catch((error: unknown) => {
    throw asUnreachable(state, error);
  });
  return {
    self: state.self,
    send(to, text) {
      if (state.open) send(state, to, text);
    },
    listen(listener) {
      state.listener = listener;
    },
    check: () => check(state),
    close: () => close(state),
  };
}

/** Connects, goes on with the inbox or makes it anew, and reads until the connections end. */
async function begin(state: State): Promise<void> {
  const session = await connectBoth(state);
  try {
    await inTime(takeUp(state, session.writer), state.patience);
  } catch (error) {
    disconnect(session);
    throw error;
  }
  if (!state.open) {
    disconnect(session);
    return;
  }
  state.session = session;
  session.writer.once("close", () => {
    drop(state, session);
  });
  if (state.hasLost) {
    state.hasLost = false;
    state.listener?.interrupted();
  }
  void read(state, session);
  keep(state, session);
  flush(state);
}

async function connectBoth({ place, patience }: State): Promise<Session> {
  const writer = await connectRedis(place, patience);
  try {
    return { writer, reader: await connectRedis(place, patience) };
  } catch (error) {
    writer.disconnect();
    throw error;
  }
}

function disconnect({ writer, reader }: Session): void {
  writer.disconnect();
  reader.disconnect();
}

async function takeUp(state: State, writer: Redis): Promise<void> {
  const { inbox, mark } = state;
  const server = await startOf(writer);
  if (mark !== "" && server === state.server && (await inbox.isWhole(writer, mark))) return;
  state.mark = await inbox.make(writer);
  state.server = server;
  if (mark === "") return;
  // What is still to be sent belongs to what is lost: the others may have begun anew as well.
  state.hasLost = true;
  state.waiting = [];
}

/** Tells one start of Redis from the next, where this user may know. */
async function startOf(redis: Redis): Promise<string> {
  const info = await redis.info("server").catch((error: unknown) => {
    if (isReply(error)) return "";
    throw error;
  });
  return /^run_id:(\w+)/m.exec(info)?.[1] ?? "";
}

async function read(state: State, session: Session): Promise<void> {
  const { inbox, pauseMs, patience } = state;
  try {
    while (state.session === session) {
      const texts = await inTime(inbox.read(session.reader, state.mark, pauseMs), patience);
      if (texts === null) break;
      for (const text of texts) hear(state, session, text);
    }
  } catch {
    // The next connections find out what it was.
  }
  drop(state, session);
}

function hear(state: State, session: Session, { id, from, sender, number, text }: Received): void {
  if (state.session !== session) return;
  state.mark = id;
  const { heard, listener } = state;
  // Sent again after a cut.
  if (number <= (heard.get(sender) ?? -1)) return;
  heard.delete(sender);
  heard.set(sender, number);
  const [oldest = ""] = heard.keys();
  if (heard.size > MOST_SENDERS) heard.delete(oldest);
  listener?.heard(from, text);
}

/** Keeps the inbox up, and finds out whether the connection lives. */
function keep(state: State, session: Session): void {
  const { inbox, clock, pauseMs, patience } = state;
  state.cancel = clock.after(pauseMs, () => {
    inTime(inbox.keep(session.writer, state.mark), patience).then(
      () => {
        if (state.session === session) keep(state, session);
      },
      () => {
        drop(state, session);
      },
    );
  });
}

function send(state: State, to: string | null, text: string): void {
  const { waiting } = state;
  waiting.push({ to, number: state.count++, text });
  if (waiting.length > MOST_WAITING) {
    waiting.shift();
    state.hasLost = true;
  }
  flush(state);
}

/** Sends what waits, unless that is under way. */
function flush(state: State): void {
  const { session } = state;
  if (session === null || state.flushing !== null || state.waiting.length === 0) return;
  state.flushing = post(state, session).finally(() => {
    state.flushing = null;
    flush(state);
  });
}

/** All that came meanwhile goes in one transaction, so that a cut leaves no gap between texts. */
async function post(state: State, session: Session): Promise<void> {
  const { inbox, sender, patience } = state;
  try {
    while (state.session === session && state.waiting.length > 0) {
      const some = state.waiting.slice(0, MOST_AT_ONCE);
      const isAll = await inTime(inbox.post(session.writer, sender, some), patience);
      if (state.session !== session) return;
      const last = some.at(-1)?.number ?? 0;
      state.waiting = state.waiting.filter(({ number }) => number > last);
      if (isAll) continue;
      state.hasLost = true;
      drop(state, session);
    }
  } catch {
    drop(state, session);
  }
}

/** Gives the connections up and, while the wire is open, makes others. */
function drop(state: State, session: Session): void {
  if (state.session !== session) return;
  state.cancel();
  state.session = null;
  disconnect(session);
  if (state.open) again(state);
}

function again(state: State, isFirst = true): void {
  state.cancel = state.clock.after(state.pauseMs, () => {
    begin(state).catch((error: unknown) => {
      if (!state.open) return;
      if (isFirst) state.failed(asUnreachable(state, error));
      again(state, false);
    });
  });
}

/** Its errors name no host: anybody may ask whether a server is ready. */
async function check({ session, patience }: State): Promise<void> {
  const lost = (): FedtuneError => {
    const message = "Cannot reach the other processes over Redis: the connection is lost";
    return new FedtuneError("storage-failed", message);
  };
  if (session === null) throw lost();
  await inTime(session.writer.ping(), patience).catch(() => Promise.reject(lost()));
}

async function close(state: State): Promise<void> {
  state.open = false;
  const { session, inbox, patience } = state;
  if (session !== null) {
    await state.flushing;
    // Otherwise it expires.
    await inTime(inbox.remove(session.writer), patience).catch(() => undefined);
  }
  state.cancel();
  state.session = null;
  if (session !== null) disconnect(session);
}

function asUnreachable({ place }: State, error: unknown): FedtuneError {
  return isFedtuneError(error) ? error : unreachable(place, error);
}
