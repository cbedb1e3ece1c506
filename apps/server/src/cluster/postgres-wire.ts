/**
 * The wire over Postgres' LISTEN and NOTIFY, on one connection of its own.
 *
 * The database is there already and is what all processes of a cluster share, so that no further service has to be
 * reached, secured and watched; a text takes two to three milliseconds. The socket adapter would ride on the same
 * notifications, but its acknowledgements come from all processes together, its long messages leave rows to sweep, and it
 * says nothing when its connection was lost. A notification holds 8,000 bytes: longer texts go in parts, which one
 * transaction keeps together and in order. What waits while a statement is under way goes out with the next one.
 */
import { FedtuneError } from "@fedtune/core";
import type { Clock } from "@fedtune/core";
import type { Wire, WireListener } from "./wire.ts";

/** Where connections come from: a pool of `pg`. */
export interface WirePool {
  connect(): Promise<PoolConnection>;
}

/** What of a connection is used. */
interface PoolConnection extends Connection {
  on(event: "notification", listener: (message: { payload?: string | undefined }) => void): unknown;
  on(event: "error" | "end", listener: () => void): unknown;
}

interface Connection {
  query(sql: string, values?: unknown[]): Promise<unknown>;
  /** Destroyed, not given back. */
  release(destroy: true): void;
}

/** What the wire needs. */
export interface PostgresWireOptions {
  /** One connection is taken for as long as the wire is open. */
  readonly pool: WirePool;
  /** Name of this process; letters, digits, `-` and `_`, at most 40. */
  readonly self: string;
  readonly clock: Clock;
  /** Pause before a lost connection is made again, and between looks whether it lives; default 1 s. */
  readonly pauseMs?: number;
}

/** Characters of a text that go into one notification; the head before them is below 100. */
const PART = 7_800;
/** Parts that one statement sends. */
const MOST_PARTS = 100;
/** Pauses after which a connection that does not answer is given up; what it has to carry comes before the answer. */
const PATIENCE = 20;
/** Texts that wait while the database is away; older ones are dropped, as on a wire that is cut. */
const MOST_WAITING = 100_000;

interface State extends Required<PostgresWireOptions> {
  connection: Connection | null;
  listener: WireListener | null;
  readonly waiting: { readonly channel: string; readonly payload: string }[];
  readonly parts: Map<string, string[]>;
  sequence: number;
  sending: Promise<void> | null;
  open: boolean;
  cancel: () => void;
}

/** Opens the wire; resolves when this process can be reached. */
export async function openPostgresWire(options: PostgresWireOptions): Promise<Wire> {
  const state: State = {
    ...{ pauseMs: 1_000, ...options, connection: null, listener: null, waiting: [] },
    ...{ parts: new Map(), sequence: 0, sending: null, open: true, cancel: () => undefined },
  };
  await connect(state);
  return {
    self: state.self,
    send(to, text) {
      if (!state.open) return;
      state.waiting.push(...partsOf(state, to, text));
      state.waiting.splice(0, state.waiting.length - MOST_WAITING);
      flush(state);
    },
    listen(listener) {
      state.listener = listener;
    },
    check: () => check(state),
    async close() {
      state.open = false;
      await state.sending;
      state.cancel();
      drop(state);
    },
  };
}

async function check({ connection }: State): Promise<void> {
  const lost = (cause?: unknown): FedtuneError => {
    const message = "Cannot reach the other processes over the database: the connection is lost";
    return new FedtuneError("storage-failed", message, { cause });
  };
  if (connection === null) throw lost();
  await connection.query("SELECT 1").catch((error: unknown) => Promise.reject(lost(error)));
}

/** Names a process' notifications. */
function channelOf(process: string | null): string {
  return process === null ? "fedtune" : `fedtune_${process}`;
}

function partsOf(state: State, to: string | null, text: string) {
  const channel = channelOf(to);
  // ASCII only: a text may be cut anywhere, its length is its bytes, and it holds no NUL, which Postgres does not take.
  const ascii = text.replace(/[^\x20-\x24\x26-\x7e]/gu, encodeURIComponent);
  const count = Math.max(1, Math.ceil(ascii.length / PART));
  return Array.from({ length: count }, (_, i) => {
    const part = ascii.slice(i * PART, (i + 1) * PART);
    // The number also keeps Postgres from merging equal notifications of one transaction.
    return {
      channel,
      payload: `${state.self} ${state.sequence++} ${i} ${i + 1 === count ? 1 : 0} ${part}`,
    };
  });
}

/** Sends what waits, unless that is under way. */
function flush(state: State): void {
  state.sending ??= notify(state).finally(() => {
    state.sending = null;
  });
}

/** All that came meanwhile goes in one statement. */
async function notify(state: State): Promise<void> {
  try {
    while (state.connection !== null && state.waiting.length > 0) {
      const some = state.waiting.splice(0, MOST_PARTS);
      await state.connection.query(notifySql, [
        some.map(({ channel }) => channel),
        some.map(({ payload }) => payload),
      ]);
    }
  } catch {
    drop(state);
  }
}

const notifySql = `
  SELECT pg_notify(channel, payload)
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS one(channel, payload, position) ORDER BY position`;

function heard(state: State, payload: string): void {
  const match = /^(\S+) \d+ (\d+) ([01]) /.exec(payload);
  if (match === null) return;
  const [head, from = "", index, isLast] = match;
  if (from === state.self) return;
  const texts = index === "0" ? [] : (state.parts.get(from) ?? []);
  // The beginning, or what came between, is lost with the connection that it was sent on.
  if (texts.length !== Number(index)) return;
  texts.push(payload.slice(head.length));
  if (isLast === "0") {
    state.parts.set(from, texts);
    return;
  }
  state.parts.delete(from);
  state.listener?.heard(from, decodeURIComponent(texts.join("")));
}

async function connect(state: State): Promise<void> {
  const taken = await state.pool.connect();
  const connection = inTurn(taken);
  taken.on("notification", ({ payload }) => {
    if (state.connection === connection) heard(state, payload ?? "");
  });
  const lost = (): void => {
    if (state.connection === connection) drop(state);
  };
  taken.on("error", lost);
  taken.on("end", lost);
  try {
    // A notification that a crash of the database loses is one of many ways to lose it: no wait for its disk.
    await connection.query("SET synchronous_commit = off");
    await connection.query(`LISTEN "${channelOf(null)}"; LISTEN "${channelOf(state.self)}"`);
  } catch (error) {
    connection.release(true);
    throw error;
  }
  state.connection = connection;
  watch(state, connection);
}

/** A connection takes one statement after the other. */
function inTurn(taken: PoolConnection): Connection {
  let last: Promise<unknown> = Promise.resolve();
  return {
    query(sql, values) {
      const answer = last.then(() => taken.query(sql, values));
      last = answer.catch(() => undefined);
      return answer;
    },
    release: (destroy) => {
      taken.release(destroy);
    },
  };
}

/** Asks now and then whether the connection lives: one that is only half there tells nothing by itself. */
function watch(state: State, connection: Connection): void {
  state.cancel = state.clock.after(state.pauseMs, () => {
    const late = state.clock.after(PATIENCE * state.pauseMs, () => {
      if (state.connection === connection) drop(state);
    });
    connection.query("SELECT 1").then(
      () => {
        late();
        if (state.connection === connection) watch(state, connection);
      },
      () => {
        late();
        if (state.connection === connection) drop(state);
      },
    );
  });
}

/** Gives a connection up and, while the wire is open, looks for another. */
function drop(state: State): void {
  const { connection } = state;
  state.cancel();
  state.connection = null;
  state.parts.clear();
  state.waiting.length = 0;
  connection?.release(true);
  if (state.open) state.cancel = state.clock.after(state.pauseMs, () => void again(state));
}

async function again(state: State): Promise<void> {
  try {
    await connect(state);
  } catch {
    if (state.open) state.cancel = state.clock.after(state.pauseMs, () => void again(state));
    return;
  }
  if (!state.open) {
    drop(state);
    return;
  }
  state.listener?.interrupted();
  flush(state);
}
