/**
 * The inbox of a process: a stream in Redis that others add texts to and that it reads.
 *
 * An inbox per process, not one stream for all: a text crosses the network once, its order from one to another is that of
 * the stream, and what was read can be taken away at once. Nobody but its owner makes an inbox, so that texts to a process
 * that is gone go nowhere, and everything expires with the process that does not keep it up. The entry that was read last
 * stays, as a mark: Redis takes the oldest away first, so while the mark is there nothing after it is missing.
 */
import type { ChainableCommander, Redis } from "ioredis";

/** Where an inbox is, and its bounds. */
export interface InboxOptions {
  /** Names the cluster among those that use the same Redis. */
  readonly cluster: string;
  /** Name of the process that reads it. */
  readonly self: string;
  /** How long it stays when nobody keeps it up, in milliseconds. */
  readonly lifeMs: number;
  /** About how many texts wait in an inbox at most; older ones are taken away. */
  readonly capacity: number;
}

/** A text to one process, or to all others (null). */
export interface Posted {
  readonly to: string | null;
  /** Counts the texts of its sender. */
  readonly number: number;
  readonly text: string;
}

/** A text that was read. */
export interface Received extends Omit<Posted, "to"> {
  /** Its place in the inbox. */
  readonly id: string;
  readonly from: string;
  /** Tells one opening of a sender's wire from the next. */
  readonly sender: string;
}

/** The commands of one process' inbox; all of them reject with what Redis says. */
export interface Inbox {
  /** Makes it anew and empty; returns its mark. */
  make(redis: Redis): Promise<string>;
  /** Whether nothing after that mark was taken away. */
  isWhole(redis: Redis, mark: string): Promise<boolean>;
  /**
   * Waits for texts after the mark, for at most `blockMs`, on a connection of its own.
   *
   * @returns null when texts may have been taken away
   */
  read(redis: Redis, mark: string, blockMs: number): Promise<readonly Received[] | null>;
  /** Keeps it up, and takes away what stands before the mark. */
  keep(redis: Redis, mark: string): Promise<void>;
  /**
   * Adds texts to the inboxes of others, all of them; where it rejects, perhaps all, perhaps none.
   *
   * @returns false when Redis refused some
   */
  post(redis: Redis, sender: string, texts: readonly Posted[]): Promise<boolean>;
  /** Takes it away. */
  remove(redis: Redis): Promise<void>;
}

/** Texts that one look takes. */
const BATCH = 100;

/** An entry's identity without its text, which may be long. */
const hasSource = "return #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])";

/** KEYS: the members; ARGV: own name, beginning of inboxes' keys, capacity, then the fields. */
const broadcastSource = `
  for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
    if name ~= ARGV[1] and not redis.call('XADD', ARGV[2] .. name, 'NOMKSTREAM', 'MAXLEN', '~', ARGV[3], '*', unpack(ARGV, 4)) then
      redis.call('SREM', KEYS[1], name)
    end
  end`;

/** Names the inbox of a process; nothing is asked of Redis. */
export function inboxOf(options: InboxOptions): Inbox {
  const { cluster, self, lifeMs } = options;
  const inboxes = `fedtune:${cluster}:inbox:`;
  const keys: Keys = { inboxes, own: `${inboxes}${self}`, members: `fedtune:${cluster}:members` };
  const { own, members } = keys;
  const has = async (redis: Redis, id: string): Promise<boolean> =>
    (await redis.eval(hasSource, 1, own, id)) === 1;
  return {
    isWhole: has,
    async make(redis) {
      const made = await all(
        stay(redis.multi().del(own).xadd(own, "*", "mark", ""), keys, lifeMs).sadd(members, self),
      );
      return String(made[1]);
    },
    async read(redis, mark, blockMs) {
      // In one go: the second answer tells of the moment right after the first.
      const [found, isWhole] = await Promise.all([
        redis.xread("COUNT", BATCH, "BLOCK", blockMs, "STREAMS", own, mark),
        has(redis, mark),
      ]);
      return isWhole ? (found?.[0]?.[1] ?? []).map(receivedOf) : null;
    },
    async keep(redis, mark) {
      await all(stay(redis.pipeline().xtrim(own, "MINID", mark), keys, lifeMs));
    },
    async post(redis, sender, texts) {
      const transaction = redis.multi();
      for (const text of texts) add(transaction, text, { ...options, keys, sender });
      const answers = (await transaction.exec()) ?? [];
      return answers.every(([error]) => error === null);
    },
    async remove(redis) {
      await all(redis.multi().del(own).srem(members, self));
    },
  };
}

interface Keys {
  /** The beginning of all inboxes' keys. */
  readonly inboxes: string;
  readonly own: string;
  /** The set of processes that have an inbox. */
  readonly members: string;
}

function stay(commands: ChainableCommander, { own, members }: Keys, lifeMs: number) {
  return commands.pexpire(own, lifeMs).pexpire(members, lifeMs);
}

interface Adding extends InboxOptions {
  readonly keys: Keys;
  readonly sender: string;
}

function add(
  commands: ChainableCommander,
  { to, number, text }: Posted,
  { keys, self, sender, capacity }: Adding,
): void {
  const fields = ["from", self, "sender", sender, "number", number, "text", text] as const;
  if (to === null) {
    commands.eval(broadcastSource, 1, keys.members, self, keys.inboxes, capacity, ...fields);
    return;
  }
  const key = `${keys.inboxes}${to}`;
  commands.xadd(key, "NOMKSTREAM", "MAXLEN", "~", capacity, "*", ...fields);
}

function receivedOf([id, fields]: [id: string, fields: string[]]): Received {
  const [, from = "", , sender = "", , number = "", , text = ""] = fields;
  return { id, from, sender, number: Number(number), text };
}

/** The answers to several commands. */
async function all(commands: ChainableCommander): Promise<readonly unknown[]> {
  const answers = (await commands.exec()) ?? [];
  return answers.map(([error, answer]) => {
    if (error !== null) throw error;
    return answer;
  });
}
