/** The coordinator server: HTTP and sockets around the round engine. */
export type { Pages } from "./http/pages.ts";
export { readSite } from "./http/pages-site.ts";
export type { AskedModel } from "./http/estimates.ts";
export { openFolderBlobs } from "./folder-blobs.ts";
export { defaultLimits } from "./limits.ts";
export type { ServerLimits } from "./limits.ts";
export type { ServerAddress } from "./listen.ts";
export type { RunToServe } from "./run-registry.ts";
export { startServer } from "./start-server.ts";
export type { CoordinatorServer, ServerOptions } from "./start-server.ts";
export { startCoordinator } from "./coordinator-process.ts";
export type { CoordinatorProcess } from "./coordinator-process.ts";
export type { CoordinatorProcessOptions } from "./process-parts.ts";
export { blobPlace } from "./operations/blob-place.ts";
export { openS3Blobs } from "./operations/s3-blobs.ts";
export { readSettings } from "./operations/settings.ts";
export type { ServerSettings } from "./operations/settings.ts";
export type { Security } from "./security/security.ts";
