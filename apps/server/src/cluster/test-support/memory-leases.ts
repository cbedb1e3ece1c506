/** Leases in memory, by a clock that stands for the database's. */
import type { Clock, FedtuneError, RunId } from "@fedtune/core";
import type { LeaseTable } from "../lease-table.ts";

export interface MemoryLeases {
  /** One process' table; while `fault` is set, all its questions fail. */
  table(self: string): LeaseTable & { fault: FedtuneError | null };
  ownerOf(run: RunId): string | null;
  /** Makes another process the owner, whatever the lease says. */
  steal(run: RunId, owner: string): void;
}

export function memoryLeases(clock: Clock, runs: readonly RunId[]): MemoryLeases {
  const rows = new Map(
    runs.map((run) => [run, { owner: null as string | null, until: -Infinity }]),
  );
  const beats = new Map<string, number>();
  const ownerOf = (run: RunId): string | null => {
    const row = rows.get(run);
    return row !== undefined && row.until > clock.now() ? row.owner : null;
  };
  return {
    ownerOf,
    steal(run, owner) {
      rows.set(run, { owner, until: Infinity });
    },
    table(self) {
      const check = async (): Promise<void> => {
        await Promise.resolve();
        if (table.fault !== null) throw table.fault;
      };
      const table: LeaseTable & { fault: FedtuneError | null } = {
        fault: null,
        self,
        async acquire(run, leaseMs) {
          await check();
          const owner = ownerOf(run);
          if (!rows.has(run) || (owner !== null && owner !== self)) return false;
          rows.set(run, { owner: self, until: clock.now() + leaseMs });
          return true;
        },
        async renew(asked, leaseMs) {
          await check();
          const mine = asked.filter((run) => rows.get(run)?.owner === self);
          for (const run of mine) rows.set(run, { owner: self, until: clock.now() + leaseMs });
          return new Set(mine);
        },
        async release(run) {
          await check();
          if (rows.get(run)?.owner === self) rows.set(run, { owner: null, until: -Infinity });
        },
        async runs() {
          await check();
          return [...rows.keys()].map((run) => ({ run, owner: ownerOf(run) }));
        },
        async beat(livesMs) {
          await check();
          beats.set(self, clock.now());
          return new Set(
            [...beats].filter(([, at]) => at > clock.now() - livesMs).map(([id]) => id),
          );
        },
        async leave() {
          await check();
          beats.delete(self);
        },
      };
      return table;
    },
  };
}
