/** The wire that the settings name. */
import type { Clock } from "@fedtune/core";
import type { Database } from "@fedtune/db";
import { relayPlace } from "../operations/relay-place.ts";
import { clusterIdentity } from "./cluster-identity.ts";
import { openPostgresWire } from "./postgres-wire.ts";
import { openRedisWire } from "./redis-wire.ts";
import type { Wire } from "./wire.ts";

/** What a process' wire needs. */
export interface OpenWireOptions {
  /** `redis://...`; null: the database itself. */
  readonly relayUrl: string | null;
  /** The database that all processes of the cluster share. */
  readonly pool: Database["pool"];
  /** Name of this process. */
  readonly self: string;
  readonly clock: Clock;
  /** Hears why the service cannot be reached any more. */
  readonly failed: (error: unknown) => void;
}

/**
 * Opens it; resolves when this process can be reached.
 *
 * @throws FedtuneError `config-invalid` for another address; `storage-failed` when the service cannot be reached
 */
export async function openWire(options: OpenWireOptions): Promise<Wire> {
  const { relayUrl, pool, self, clock, failed } = options;
  if (relayUrl === null) return openPostgresWire({ pool, self, clock });
  const place = relayPlace(relayUrl);
  return openRedisWire({ place, cluster: await clusterIdentity(pool), self, clock, failed });
}
