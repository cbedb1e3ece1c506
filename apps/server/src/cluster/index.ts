/** More than one coordinator process on one database and one blob store. */
export { openBus } from "./bus.ts";
export type { Bus, BusListener, BusOptions, Question } from "./bus.ts";
export { joinCluster } from "./cluster.ts";
export type { Cluster, ClusterOptions } from "./cluster.ts";
export { leaseTable } from "./lease-table.ts";
export type { LeaseDatabase, LeaseTable, OwnedRun } from "./lease-table.ts";
export { openPostgresWire } from "./postgres-wire.ts";
export type { PostgresWireOptions } from "./postgres-wire.ts";
