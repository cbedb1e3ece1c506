import { FedtuneError } from "@fedtune/core";
import type { Rng } from "@fedtune/core";
import { atLeast } from "./at-least.ts";
import { withIidShare } from "./iid-share.ts";
import { schemeByName } from "./registry.ts";
import type { PartitionConfig } from "./registry.ts";
import type { PartitionInput, Scheme, Share } from "./scheme.ts";

/** One data set dealt to clients. */
export interface Partition {
  /** Row indices of each client, ascending; every row is in exactly one of them. */
  readonly clients: readonly (readonly number[])[];
  /** Names of the clients: a column's values, else `client-1`, `client-2`, ... */
  readonly names: readonly string[];
}

/** How to deal. */
export interface PartitionTask {
  readonly config: PartitionConfig;
  /** Number of clients; null: as many as the data names. */
  readonly clients: number | null;
  readonly rng: Rng;
}

/**
 * Deals every row to exactly one client; the same input and stream give the same partition.
 *
 * @throws FedtuneError `config-conflict` when the number of clients, or of their rows, cannot be had; `data-invalid`
 * when the data is empty or lacks a column
 */
export function partition(
  input: PartitionInput,
  { config, clients, rng }: PartitionTask,
): Partition {
  const rows = input.labels.length;
  if (rows === 0) throw new FedtuneError("data-invalid", "Cannot partition an empty data set");
  const { scheme: name, minExamplesPerClient: least, iidShare = 0, ...options } = config;
  const scheme = schemeByName(name);
  const count = clientCount(scheme, clients);
  if (iidShare > 0 && !scheme.movable) {
    const message = `Cannot deal a share of ${String(iidShare)} at random (iidShare): with scheme "${name}" a column says whose rows they are, wanted 0`;
    throw conflict(message, { iidShare });
  }
  const task = { clients: count, options, rng: rng.fork(name) };
  const dealt =
    iidShare === 0
      ? scheme.deal(input, task)
      : withIidShare(input, { share: iidShare, rng: rng.fork("iid-share") }, (rest) =>
          scheme.deal(rest, task),
        );
  if (scheme.namesClients && clients !== null && clients !== dealt.length) {
    const named = dealt.length;
    const message = `Cannot deal to ${String(clients)} clients: scheme "${name}" makes ${String(named)} of this data and its options`;
    throw conflict(message, { clients, named });
  }
  return toPartition(atLeast(least, dealt, { movable: scheme.movable, rng: rng.fork("least") }));
}

function clientCount({ name, namesClients }: Scheme, clients: number | null): number {
  if (clients === null && !namesClients) {
    throw conflict(`Cannot partition by "${name}" without a number of clients`, { scheme: name });
  }
  if (clients !== null && (!Number.isSafeInteger(clients) || clients < 1)) {
    throw new RangeError(
      `Cannot partition over ${String(clients)} clients: wanted an integer >= 1`,
    );
  }
  return clients ?? 1;
}

function toPartition(shares: readonly Share[]): Partition {
  return {
    clients: shares.map(({ rows }) => [...rows].sort((a, b) => a - b)),
    names: shares.map(({ name }, index) => name ?? `client-${String(index + 1)}`),
  };
}

function conflict(message: string, data: Readonly<Record<string, unknown>>): FedtuneError {
  return new FedtuneError("config-conflict", message, { data });
}
