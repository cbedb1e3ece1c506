/** Passwords: Argon2id with the parameters of OWASP's Password Storage Cheat Sheet (19 MiB, 2 passes, 1 lane). */
import { FedtuneError } from "@fedtune/core";
import { hash as argon2, parseOptions, verify as argon2Verify } from "@node-rs/argon2";

/** Argon2id is the library's default algorithm. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 };

/** A hash of today's parameters that no known password has: 16 and 32 bytes of zeros. */
export const nobodysHash = `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}$${"A".repeat(22)}$${"A".repeat(43)}`;

/** Fewest characters of a password. */
const minPasswordLength = 12;
const maxPasswordLength = 256;

/** Hashes under way at a time, each with 19 MiB; and how many may wait for their turn. */
const CONCURRENT = 2;
const WAITING = 64;
/** How long one hash takes, roughly: what a refused caller is told to wait. */
const RETRY_MS = 2_000;

/** Hashing and checking of passwords. */
export interface Passwords {
  /** @throws FedtuneError `config-invalid` for a password that is too short or too long */
  hash(password: string): Promise<string>;
  /**
   * Whether a password belongs to a hash. Null is the hash of nobody: always false, after the same work, so that the
   * time of an answer does not tell which names exist.
   *
   * @throws FedtuneError `rate-limited` when too many are waiting
   */
  verify(passwordHash: string | null, password: string): Promise<boolean>;
  /** Whether a hash was made with other parameters than today's. */
  isStale(passwordHash: string): boolean;
}

/** Makes them; hashing runs on the platform's thread pool, two at a time. */
export function passwords(): Passwords {
  const inTurn = turns();
  return {
    async hash(password) {
      const text = normalised(password);
      hold(text);
      return inTurn(() => argon2(text, parameters));
    },
    async verify(passwordHash, password) {
      const text = normalised(password);
      if (lengthOf(text) > maxPasswordLength) return false;
      const against = passwordHash ?? nobodysHash;
      // A damaged hash is nobody's password.
      const matches = await inTurn(() => argon2Verify(against, text).catch(() => false));
      return matches && passwordHash !== null;
    },
    isStale(passwordHash) {
      const found = parseOptions(passwordHash);
      return (
        found.memoryCost !== parameters.memoryCost ||
        found.timeCost !== parameters.timeCost ||
        found.parallelism !== parameters.parallelism
      );
    },
  };
}

/** The same characters typed on another keyboard are the same password. */
function normalised(password: string): string {
  return password.normalize("NFKC");
}

function hold(text: string): void {
  const length = lengthOf(text);
  if (length >= minPasswordLength && length <= maxPasswordLength) return;
  const message = `Cannot use a password of ${length} characters: wanted ${minPasswordLength} to ${maxPasswordLength}`;
  throw new FedtuneError("config-invalid", message, { data: { length } });
}

/** Characters as Unicode counts them. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** Runs a few tasks at a time, in the order of the calls, with a bounded queue. */
function turns(): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running < CONCURRENT) running += 1;
    else await turn();
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      // The place is handed over, not freed.
      if (next === undefined) running -= 1;
      else next();
    }
  };

  function turn(): Promise<void> {
    if (waiting.length < WAITING) return new Promise((resolve) => waiting.push(resolve));
    const message = `Cannot check another password: ${WAITING} are waiting`;
    throw new FedtuneError("rate-limited", message, { data: { retryAfterMs: RETRY_MS } });
  }
}
