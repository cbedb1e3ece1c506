/**
 * The leases that this process holds: renewed in time, or given up in time.
 *
 * A lease keeps two processes from working on one run at once; it decides who should, not who may. That is the store's
 * epoch, which refuses the writes of a process that was stopped for longer than its lease and does not know it yet.
 */
import { FedtuneError } from "@fedtune/core";
import type { Clock, RunId } from "@fedtune/core";
import type { LeaseTable } from "./lease-table.ts";

/** A run that this process owns. */
export interface Lease {
  readonly run: RunId;
  /** Aborted with `stale-epoch` when the lease is lost; not when it is released. */
  readonly lost: AbortSignal;
  /** Lets the run go, for any process to take. */
  release(): Promise<void>;
}

/** What a keeper needs. */
export interface LeaseOptions {
  readonly table: LeaseTable;
  readonly clock: Clock;
  /** How long a process that fell silent still owns its runs, in milliseconds. */
  readonly leaseMs: number;
  /** Hears what went wrong with a renewal; the lease lives on until its time is up. */
  readonly failed: (error: unknown) => void;
}

/** Takes and renews leases. */
export interface LeaseKeeper {
  /** Takes a run; null: another process owns it. */
  acquire(run: RunId): Promise<Lease | null>;
  /** The runs that this process owns now. */
  held(): ReadonlySet<RunId>;
  /** Releases everything. */
  close(): Promise<void>;
}

interface Held {
  readonly lease: Lease;
  /** Puts the end further away. */
  extend(from: number): void;
  lose(why: string): void;
}

/** Renewals in the life of a lease: two may fail. */
export const renewalsPerLease = 3;
/** The part of a lease that this process does not use: its clock and the database's need not run alike. */
const MARGIN = 0.1;

/** Makes a keeper and starts its renewals. */
export function leaseKeeper({ table, clock, leaseMs, failed }: LeaseOptions): LeaseKeeper {
  const held = new Map<RunId, Held>();
  let cancel = (): void => undefined;
  let open = true;
  const hold = (run: RunId, from: number): Lease => {
    const one = heldLease(run, {
      ...{ clock, leaseMs, from },
      gone: () => held.delete(run),
      release: () => table.release(run),
    });
    held.set(run, one);
    return one.lease;
  };
  const renew = async (): Promise<void> => {
    const asked = [...held];
    if (asked.length === 0) return;
    // Counted from before the question: the database's own end is later.
    const from = clock.now();
    const renewed = await table.renew(
      asked.map(([run]) => run),
      leaseMs,
    );
    for (const [run, one] of asked) {
      if (renewed.has(run)) one.extend(from);
      else one.lose("another process owns it");
    }
  };
  const schedule = (): void => {
    if (!open) return;
    cancel = clock.after(leaseMs / renewalsPerLease, () => {
      // The next one does not wait: a question without an answer must not take the later ones with it.
      schedule();
      renew().catch(failed);
    });
  };
  schedule();
  return {
    async acquire(run) {
      const from = clock.now();
      const before = held.get(run);
      if (before !== undefined) throw new RangeError(`Cannot own run "${run}" twice`);
      return open && (await table.acquire(run, leaseMs)) ? hold(run, from) : null;
    },
    held: () => new Set(held.keys()),
    async close() {
      open = false;
      cancel();
      await Promise.all([...held.values()].map(({ lease }) => lease.release()));
    },
  };
}

interface Holding {
  readonly clock: Clock;
  readonly leaseMs: number;
  /** When the lease was asked for. */
  readonly from: number;
  readonly gone: () => void;
  readonly release: () => Promise<void>;
}

function heldLease(run: RunId, { clock, leaseMs, from, gone, release }: Holding): Held {
  const controller = new AbortController();
  let cancel = (): void => undefined;
  let isHeld = true;
  const drop = (): boolean => {
    const was = isHeld;
    isHeld = false;
    cancel();
    if (was) gone();
    return was;
  };
  const lose = (why: string): void => {
    if (!drop()) return;
    const message = `Cannot go on with run "${run}": its lease is lost, ${why}`;
    controller.abort(new FedtuneError("stale-epoch", message, { data: { run } }));
  };
  const extend = (since: number): void => {
    if (!isHeld) return;
    cancel();
    const left = since + leaseMs * (1 - MARGIN) - clock.now();
    cancel = clock.after(Math.max(0, left), () => {
      lose("it could not be renewed in time");
    });
  };
  extend(from);
  return {
    ...{ extend, lose },
    lease: {
      ...{ run, lost: controller.signal },
      async release() {
        if (drop()) await release();
      },
    },
  };
}
