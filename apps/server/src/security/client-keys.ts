/** The public keys with which the clients of runs sign. */
import type { ClientId, RunId } from "@fedtune/core";
import { FedtuneError } from "@fedtune/core";
import { batched } from "@fedtune/db";
import type { SecurityPorts } from "./ports.ts";
import type { Revocations } from "./revocations.ts";

/** A client's key. */
export interface ClientKey {
  readonly run: RunId;
  readonly client: ClientId;
  /** Raw Ed25519, 64 hexadecimal characters. */
  readonly publicKey: string;
  readonly enrolledAt: Date;
  /** Null: it admits. */
  readonly revokedAt: Date | null;
}

/** The keys in the database; every question is asked there, so that a revocation holds for all processes at once. */
export interface ClientKeys {
  find(run: RunId, client: ClientId): Promise<ClientKey | null>;
  /** The keys of a run by client. */
  list(run: RunId): Promise<ClientKey[]>;
  /**
   * Refuses the client from now on, under its key and any other, and tells listeners, who cut its connections.
   *
   * @throws FedtuneError `message-invalid` without such a key
   */
  revoke(run: RunId, client: ClientId): Promise<void>;
  /**
   * Forgets the client's key, revoked or not: the next enrolment under its name registers a new one.
   *
   * @throws FedtuneError `message-invalid` without such a key
   */
  reset(run: RunId, client: ClientId): Promise<void>;
}

type Ports = Pick<SecurityPorts, "prisma" | "now"> & { readonly revocations: Revocations };

/** Makes the repository of clients' keys. */
export function clientKeys({ prisma, now, revocations }: Ports): ClientKeys {
  const found = batched((owners: readonly Owner[]) => findAll(prisma, owners));
  return {
    find: (run, client) => found({ run, client }),
    async list(run) {
      const rows = await prisma.clientKey.findMany({
        where: { runId: run },
        orderBy: { client: "asc" },
      });
      return rows.map(seen);
    },
    async revoke(run, client) {
      const where = { runId: run, client };
      await prisma.clientKey.updateMany({
        where: { ...where, revokedAt: null },
        data: { revokedAt: now() },
      });
      if ((await prisma.clientKey.count({ where })) === 0) throw unknown(run, client);
      revocations.tell({ kind: "client", run, client });
    },
    async reset(run, client) {
      const { count } = await prisma.clientKey.deleteMany({ where: { runId: run, client } });
      if (count === 0) throw unknown(run, client);
      revocations.tell({ kind: "client", run, client });
    },
  };
}

/** Whose key it is. */
interface Owner {
  readonly run: RunId;
  readonly client: ClientId;
}

/** The keys of requests of the same moment; in the order of their owners. */
async function findAll(
  prisma: Ports["prisma"],
  owners: readonly Owner[],
): Promise<readonly (ClientKey | null)[]> {
  const rows = await prisma.clientKey.findMany({
    where: { OR: clientsByRun(owners) },
  });
  const keys = new Map(rows.map((row) => [`${row.runId}/${row.client}`, seen(row)]));
  return owners.map(({ run, client }) => keys.get(`${run}/${client}`) ?? null);
}

function clientsByRun(owners: readonly Owner[]) {
  const byRun = new Map<RunId, ClientId[]>();
  for (const { run, client } of owners) byRun.set(run, [...(byRun.get(run) ?? []), client]);
  return [...byRun].map(([runId, clients]) => ({ runId, client: { in: clients } }));
}

function seen(row: {
  readonly runId: string;
  readonly client: string;
  readonly publicKey: string;
  readonly enrolledAt: Date;
  readonly revokedAt: Date | null;
}): ClientKey {
  const { runId, client, publicKey, enrolledAt, revokedAt } = row;
  const names = { run: runId as RunId, client: client as ClientId };
  return { ...names, publicKey, enrolledAt, revokedAt };
}

function unknown(run: RunId, client: ClientId): FedtuneError {
  return new FedtuneError(
    "message-invalid",
    `Cannot find a key of client "${client}" in run "${run}"`,
  );
}
