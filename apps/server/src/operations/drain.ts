/**
 * Leaving in good order: nothing new is taken, what is under way ends, then everything closes.
 *
 * A client that is sent away loses nothing: what was acknowledged is in the store, and what was not it sends again, to
 * this server's successor or to another process.
 */
import { FedtuneError } from "@fedtune/core";
import type { Clock, RoundState } from "@fedtune/core";
import type { RequestHandler } from "express";

/** What leaving takes. */
export interface DrainOptions {
  readonly clock: Clock;
  /** Longest wait for what is under way. */
  readonly timeoutMs: number;
  /** The phases of the open runs: a round that is being closed is waited for. */
  readonly phases: () => readonly RoundState["phase"][];
  /** Called at once: no further connections, no further runs. */
  readonly refuse?: () => void;
  /** Tells connected clients to come back; called when nothing is under way any more, or it took too long. */
  readonly farewell?: () => void;
  /** What to close, one after the other; each is tried, whatever happens to those before. */
  readonly closing: readonly (() => Promise<void>)[];
  /** Hears what could not be closed. */
  readonly failed: (error: unknown) => void;
}

/** How it went. */
export interface Drained {
  readonly waitedMs: number;
  /** Requests and rounds that were still under way. */
  readonly left: number;
}

/** A server's way out. */
export interface Drain {
  readonly draining: boolean;
  /** Counts requests, and refuses those that would begin something new with `draining`, 503 and Retry-After. */
  readonly guard: RequestHandler;
  /** Requests that are being answered. */
  readonly underWay: () => number;
  /** Begins, once; later calls wait for the same end. */
  begin(): Promise<Drained>;
}

/** How often it looks whether all is quiet, in milliseconds. */
const LOOK_MS = 50;
/** When a client that was refused may try again, in seconds: a restart takes about so long. */
const RETRY_AFTER_S = 5;
/** Phases in which the accepted updates of a round become the next model. */
const closingPhases: ReadonlySet<RoundState["phase"]> = new Set(["aggregating", "committing"]);

/** Makes the way out; nothing happens before {@link Drain.begin}. */
export function drainer(options: DrainOptions): Drain {
  let draining = false;
  let underWay = 0;
  let done: Promise<Drained> | null = null;
  const begin = (): Promise<Drained> => {
    draining = true;
    done ??= leave(options, () => underWay);
    return done;
  };
  return {
    get draining() {
      return draining;
    },
    underWay: () => underWay,
    begin,
    guard(request, response, next) {
      if (draining && beginsSomething(request)) {
        response.set("Retry-After", String(RETRY_AFTER_S));
        throw new FedtuneError(
          "draining",
          "Cannot take new work: this server is leaving, try again soon",
        );
      }
      underWay += 1;
      response.once("close", () => (underWay -= 1));
      next();
    },
  };
}

/** Reading goes on to the end; uploads and changes are the successor's. */
function beginsSomething({ method }: { readonly method: string }): boolean {
  return method !== "GET" && method !== "HEAD" && method !== "OPTIONS";
}

async function leave(options: DrainOptions, underWay: () => number): Promise<Drained> {
  const { clock, timeoutMs, phases, refuse, farewell, closing, failed } = options;
  const start = clock.now();
  const busy = (): number => underWay() + phases().filter((one) => closingPhases.has(one)).length;
  refuse?.();
  while (busy() > 0 && clock.now() - start < timeoutMs) await pause(clock);
  const drained: Drained = { waitedMs: Math.round(clock.now() - start), left: busy() };
  farewell?.();
  for (const close of closing) {
    try {
      await close();
    } catch (error) {
      failed(error);
    }
  }
  return drained;
}

function pause(clock: Clock): Promise<void> {
  return new Promise((resolve) => clock.after(LOOK_MS, resolve));
}
