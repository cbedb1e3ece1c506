/** The coordinator server: HTTP and sockets around the round engine. */
export { openFolderBlobs } from "./folder-blobs.ts";
export { defaultLimits } from "./limits.ts";
export type { ServerLimits } from "./limits.ts";
export type { ServerAddress } from "./listen.ts";
export type { RunToServe } from "./run-registry.ts";
export { startServer } from "./start-server.ts";
export type { CoordinatorServer, ServerOptions } from "./start-server.ts";
