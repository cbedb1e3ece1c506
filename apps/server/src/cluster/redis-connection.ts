/** One connection to Redis, which ends with its first fault: who uses it makes the next one. */
import { FedtuneError } from "@fedtune/core";
import type { Clock } from "@fedtune/core";
import { Redis } from "ioredis";
import { shownPlace } from "../operations/relay-place.ts";
import type { RelayPlace } from "../operations/relay-place.ts";

/** How long an answer is waited for. */
export interface Patience {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * Connects and signs in.
 *
 * @throws FedtuneError `storage-failed`, with the host and without the password
 */
export async function connectRedis(place: RelayPlace, patience: Patience): Promise<Redis> {
  const { tls, username, password, ...address } = place;
  const redis = new Redis({
    ...address,
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    ...{ lazyConnect: true, connectTimeout: patience.timeoutMs, disableClientInfo: true },
    // What became of a command when its connection ended is for the wire to find out: nothing is sent twice here.
    ...{ retryStrategy: null, enableOfflineQueue: false, autoResendUnfulfilledCommands: false },
  });
  let reason: unknown = null;
  redis.on("error", (error: unknown) => {
    reason ??= error;
  });
  try {
    // A connection counts as ready before the answers about the password and the database have come, right or wrong.
    const ready = redis.connect().then(() => redis.ping());
    await inTime(ready, patience);
    if (reason !== null) throw new Error("it refused what it was asked at first");
    return redis;
  } catch (error) {
    redis.disconnect();
    throw unreachable(place, reason ?? error);
  }
}

/** Why Redis cannot be used. What it says is kept as text alone: the error of its client holds the commands. */
export function unreachable(place: RelayPlace, error: unknown): FedtuneError {
  const { message, code = "" } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const why = isReply(error) ? `it answers "${saidBy(error)}"` : (reasons[code] ?? message);
  const text = `Cannot reach the other processes over the Redis at ${shownPlace(place)}: ${why}; wanted Redis 6.2 or later there (relayUrl)`;
  return new FedtuneError("storage-failed", text, { data: { reason: code } });
}

/** Whether Redis itself said so, on a connection that lives. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}

/** @throws Error when there is no answer in time: a connection may be there by half only. */
export function inTime<T>(answer: Promise<T>, { clock, timeoutMs }: Patience): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(timeoutMs, () => {
      reject(new Error(`no answer within ${timeoutMs} ms`));
    });
    answer.finally(cancel).then(resolve, reject);
  });
}

/** A transaction that was given up says why in the answers before. */
function saidBy(error: Error & { readonly previousErrors?: readonly (Error | null)[] }): string {
  const cause = error.previousErrors?.find((one) => one !== null);
  return (cause ?? error).message;
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "no such host",
  ETIMEDOUT: "no answer in time",
};
