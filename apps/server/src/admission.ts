/** Who is let in where clients must show who they are. */
import type { HttpParts } from "./app.ts";
import type { IsTrusted } from "./security/client-address.ts";
import type { Security } from "./security/security.ts";
import { admitSigned, cutRevoked, keepCuttable } from "./security/socket-admission.ts";
import type { SocketAdmission } from "./socket-hub.ts";

interface AdmissionParts {
  readonly security: Security;
  readonly isTrusted: IsTrusted;
}

/** Sockets with a signed handshake, until their client is revoked. */
export function signedSockets({ security, isTrusted }: AdmissionParts): SocketAdmission {
  return {
    use: admitSigned({ security, isTrusted }),
    connected: (socket) =>
      void keepCuttable(socket, { security }).catch(() => socket.disconnect(true)),
    opened: (rooms) => void cutRevoked(rooms, security),
  };
}

/** Blob requests that are signed, and counted for their client. */
export function signedTransfers(security: Security): NonNullable<HttpParts["transfers"]> {
  return {
    verify: ({ method, originalUrl: path, headers }) =>
      security.requests.request({ method, path, headers }),
    countUpload: ({ run, client }, bytes) =>
      security.limits.take("uploadBytes", `${run}/${client}`, Math.max(1, bytes)),
  };
}
