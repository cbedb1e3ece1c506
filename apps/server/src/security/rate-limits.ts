/** How often one address or one identity may ask, counted in the memory of this process. */
import { FedtuneError } from "@fedtune/core";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { addressKey } from "./client-address.ts";

/** So many points in so many seconds. */
export interface Allowance {
  readonly points: number;
  readonly seconds: number;
}

/** What is counted. Bytes where the name says so, otherwise requests. */
export interface Allowances {
  /** Requests that have not shown who they are, by address. */
  readonly anonymous: Allowance;
  /** Requests of an operator, a token or a client. */
  readonly identified: Allowance;
  /** Attempts to sign in from one address. */
  readonly signInsOfAddress: Allowance;
  /** Attempts to sign in under one name from one address. */
  readonly signInsOfNameAtAddress: Allowance;
  /** Attempts to sign in under one name from anywhere: slows guessing from many addresses. */
  readonly signInsOfName: Allowance;
  /** Failed attempts to sign in that are written into the audit log, of all addresses together. */
  readonly failuresWritten: Allowance;
  /** Attempts to enrol from one address. */
  readonly enrolments: Allowance;
  /** Looks at invitations from one address: somebody who joins looks more than once. */
  readonly invitations: Allowance;
  /** Handshakes of sockets from one address. */
  readonly handshakes: Allowance;
  /** Bytes that one client may upload. */
  readonly uploadBytes: Allowance;
  /** Bytes of base models that one client, or one address where runs are open, may fetch. */
  readonly modelBytes: Allowance;
}

/** Generous for people and clients that behave; many clients may share one address. */
const defaultAllowances: Allowances = {
  anonymous: { points: 300, seconds: 60 },
  identified: { points: 1_200, seconds: 60 },
  signInsOfAddress: { points: 30, seconds: 900 },
  signInsOfNameAtAddress: { points: 5, seconds: 900 },
  signInsOfName: { points: 100, seconds: 3_600 },
  failuresWritten: { points: 120, seconds: 3_600 },
  enrolments: { points: 60, seconds: 600 },
  invitations: { points: 300, seconds: 600 },
  handshakes: { points: 600, seconds: 60 },
  uploadBytes: { points: 64 * 2 ** 30, seconds: 3_600 },
  modelBytes: { points: 64 * 2 ** 30, seconds: 3_600 },
};

/** The counters of a process. */
export interface RateLimits {
  /**
   * Counts one event, or so many points, for a key of any kind but an address.
   *
   * @throws FedtuneError `rate-limited` with `retryAfterMs`
   */
  take(what: keyof Allowances, key: string, points?: number): Promise<void>;
  /** The same for an address; those of one IPv6 network count as one. */
  takeAt(what: keyof Allowances, address: string, points?: number): Promise<void>;
  /** Counts an attempt to sign in, before the password is looked at. @throws FedtuneError `rate-limited` */
  signIn(attempt: { readonly name: string; readonly address: string }): Promise<void>;
  /** Forgets the failures of a name at an address: its owner is there. */
  signedIn(attempt: { readonly name: string; readonly address: string }): Promise<void>;
}

/** Makes counters that start at zero. */
export function rateLimits(own: Partial<Allowances> = {}): RateLimits {
  const allowances: Allowances = { ...defaultAllowances, ...own };
  const limiters = new Map(
    Object.entries(allowances).map(([what, { points, seconds }]: [string, Allowance]) => [
      what,
      new RateLimiterMemory({ keyPrefix: what, points, duration: seconds }),
    ]),
  );
  const take: RateLimits["take"] = async (what, key, points = 1) => {
    try {
      await limiters.get(what)?.consume(key, points);
    } catch (error) {
      throw error instanceof RateLimiterRes ? refusal(what, error.msBeforeNext) : error;
    }
  };
  return {
    take,
    takeAt: (what, address, points) => take(what, addressKey(address), points),
    async signIn({ name, address }) {
      await take("signInsOfAddress", addressKey(address));
      await take("signInsOfNameAtAddress", pairKey(name, address));
      await take("signInsOfName", nameKey(name));
    },
    async signedIn({ name, address }) {
      await limiters.get("signInsOfNameAtAddress")?.delete(pairKey(name, address));
    },
  };
}

/** A long name of nobody must not fill the memory. */
function nameKey(name: string): string {
  return name.slice(0, 64);
}

function pairKey(name: string, address: string): string {
  return `${nameKey(name)} ${addressKey(address)}`;
}

function refusal(what: keyof Allowances, ms: number): FedtuneError {
  const retryAfterMs = Math.max(1, Math.ceil(ms));
  const message = `Cannot take more of this for now: wait ${Math.ceil(retryAfterMs / 1000)} s`;
  return new FedtuneError("rate-limited", message, { data: { limit: what, retryAfterMs } });
}
