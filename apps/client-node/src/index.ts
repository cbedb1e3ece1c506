/** The Node client: the client loop over sockets, with its state in files. */
export { fileLedgers } from "./file-ledger.ts";
export { fileClientState } from "./file-state.ts";
export { startNodeClient } from "./start-node-client.ts";
export type { NodeClient, NodeClientOptions } from "./start-node-client.ts";
