/** Sockets of clients: let in by a signed handshake, cut when the client is revoked. */
import { encodeMessage, FedtuneError, isFedtuneError } from "@fedtune/core";
import type { ClientId, RunId } from "@fedtune/core";
import type { IncomingMessage } from "node:http";
import { clientAddress } from "./client-address.ts";
import type { IsTrusted } from "./client-address.ts";
import type { Security } from "./security.ts";
import type { SignedBy } from "./verify-request.ts";

/** What `socket.data` holds of a socket that was let in. */
export interface AdmittedData {
  client?: Pick<SignedBy, "run" | "client">;
}

/** The part of a socket.io socket that is used. */
export interface AdmittedSocket {
  readonly data: AdmittedData;
  readonly handshake: { readonly auth: unknown };
  readonly request: IncomingMessage;
  join(room: string): unknown;
  emit(event: "message", text: string): unknown;
  disconnect(close: boolean): unknown;
}

/** The part of a socket.io server that is used. */
export interface SocketRooms {
  in(room: string): {
    emit(event: "message", text: string): unknown;
    disconnectSockets(close: boolean): unknown;
  };
}

interface AdmissionParts {
  readonly security: Pick<Security, "requests" | "limits" | "clientKeys">;
  readonly isTrusted: IsTrusted;
}

/**
 * The middleware for `io.use`: refuses a connection without a handshake that one of the run's clients signed, with
 * `{ code, data }` in the error's `data`. After it, `socket.data.client` says who it is: what a hello claims must be that.
 */
export function admitSigned({
  security,
  isTrusted,
}: AdmissionParts): (socket: AdmittedSocket, next: (error?: Error) => void) => void {
  return (socket, next) => {
    admit().then(
      () => {
        next();
      },
      (error: unknown) => {
        next(refusalOf(error));
      },
    );

    async function admit(): Promise<void> {
      await security.limits.takeAt("handshakes", clientAddress(socket.request, isTrusted));
      const { run, client } = await security.requests.handshake(socket.handshake.auth);
      socket.data.client = { run, client };
    }
  };
}

/** What a refused client gets to see; of faults of our own, nothing. */
function refusalOf(error: unknown): Error {
  const { code, message, data } = isFedtuneError(error)
    ? error
    : new FedtuneError("internal", "The server failed");
  return Object.assign(new Error(message), { data: { code, data } });
}

/**
 * For `io.on("connection")`: makes the socket one that {@link cutRevoked} finds, and cuts it if its client was revoked
 * while it was being let in.
 */
export async function keepCuttable(
  socket: AdmittedSocket,
  { security }: Pick<AdmissionParts, "security">,
): Promise<void> {
  const { client: who } = socket.data;
  if (who === undefined) return;
  await socket.join(roomOf(who));
  const key = await security.clientKeys.find(who.run, who.client);
  if (key !== null && key.revokedAt === null) return;
  socket.emit("message", goodbye(who));
  socket.disconnect(true);
}

/** Ends a client's connections when it is revoked, over all processes that an adapter joins; the result stops that. */
export function cutRevoked(
  io: SocketRooms,
  { revocations }: Pick<Security, "revocations">,
): () => void {
  return revocations.listen((revocation) => {
    if (revocation.kind !== "client") return;
    const room = io.in(roomOf(revocation));
    room.emit("message", goodbye(revocation));
    room.disconnectSockets(true);
  });
}

interface Who {
  readonly run: RunId;
  readonly client: ClientId;
}

function roomOf({ run, client }: Who): string {
  return `client:${run}/${client}`;
}

function goodbye({ run, client }: Who): string {
  const message = `Client "${client}" of run "${run}" was revoked`;
  return encodeMessage({ type: "goodbye", code: "credential-revoked", message });
}
