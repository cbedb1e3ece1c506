/** What names a cluster to a service that several clusters may use. */
import type { LeaseDatabase } from "./lease-table.ts";

/**
 * The identity of the database that the processes of a cluster share, as notifications know it: the installation of
 * Postgres and the database in it, by whatever address it is reached. Letters, digits and `-`.
 */
export async function clusterIdentity(database: LeaseDatabase): Promise<string> {
  const { rows } = await database.query<{ identity: string }>(identitySql);
  const [row] = rows;
  if (row === undefined) throw new RangeError("Cannot be in no database");
  return row.identity;
}

const identitySql = `
  SELECT system_identifier || '-' || oid AS identity
  FROM pg_control_system(), pg_database WHERE datname = current_database()`;
