/** All client connections of a server, as the rest of it knows them. */
import type { Clock, Entropy, RunId } from "@fedtune/core";
import type { Namespace } from "socket.io";
import type { ServerLimits } from "./limits.ts";
import type { ServerLog } from "./log.ts";
import type { HubConnection, RunLine } from "./run-line.ts";
import type { AdmittedSocket, SocketRooms } from "./security/socket-admission.ts";

/** What the hub needs of its server. */
export interface HubOptions {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly limits: ServerLimits;
  readonly log: ServerLog;
  readonly hosts: readonly string[] | null;
  /** Other origins whose pages may connect; asked at every handshake. */
  readonly origins?: () => ReadonlySet<string> | undefined;
  /** Connections wait for this: the runs are open. */
  readonly ready: Promise<void>;
  /** Who is let in; absent: whoever reaches the port is who they say they are. */
  readonly admission?: SocketAdmission | null;
  /** Whether a run that is not open here may yet be: its clients are told to come back, not that there is none. */
  readonly expects?: Expects;
}

/** Asked of a run that nobody serves here; null: of whichever run is the only one. */
export type Expects = (run: RunId | null) => Promise<boolean>;

/** Lets sockets in. */
export interface SocketAdmission {
  /** Before a connection: an error refuses it. It may set `data.client`. */
  readonly use: (socket: AdmittedSocket, next: (error?: Error) => void) => void;
  readonly connected: (socket: AdmittedSocket) => void;
  readonly opened: (rooms: SocketRooms) => void;
}

/** All live connections of a server. */
export interface SocketHub {
  /**
   * Adds a run.
   *
   * @throws FedtuneError `usage` when the hub has it already
   */
  add(run: RunId, maxUploadBytes: number): RunLine;
  /**
   * The connection that a key belongs to, if it speaks for the named run.
   *
   * @throws FedtuneError `unknown-client`
   */
  authorise(
    key: string | null,
    run: RunId,
  ): { readonly connection: HubConnection; readonly line: RunLine };
  /** Another namespace of the same sockets, with an admission of its own. */
  of(name: string): Namespace;
  /** Live connections. */
  connections(): number;
  /** Ends every connection without a word: a client that hears no reason comes back, here or elsewhere. */
  farewell(): void;
  /** Flushes and ends all connections, then closes the HTTP server. */
  close(): Promise<void>;
}
