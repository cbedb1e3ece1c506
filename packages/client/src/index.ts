/** The client runtime that Node, browser and simulation share. */
export { runClient } from "./run-client.ts";
export type {
  AdapterCache,
  ClientListener,
  ClientOptions,
  ClientPorts,
  OwnAdapter,
  SharedPersonal,
} from "./ports.ts";
export type { HolderPrivacy, Ledgers, LedgerStore } from "./privacy-guard.ts";
export { memoryLedgers } from "./memory-ledger.ts";
export { memoryClientState } from "./memory-state.ts";
export { socketTransport } from "./socket-transport.ts";
export type { Signer, SocketTransportOptions } from "./socket-transport.ts";
export type { Fetch, FetchRequest, FetchResponse } from "./blob-transfer.ts";
export { createIdentity, identityFrom } from "./identity/identity.ts";
export type { ClientIdentity, IdentityKeys, SubtleLike } from "./identity/identity.ts";
export { enrol } from "./identity/enrol.ts";
export type { Enrolment, PostFetch } from "./identity/enrol.ts";
export { readJoinLink, writeJoinLink } from "./identity/join-link.ts";
export type { JoinLink } from "./identity/join-link.ts";
export { signedHandshake, signedHeaders } from "./identity/signed-request.ts";
export type { SignableRequest, SigningPorts } from "./identity/signed-request.ts";
