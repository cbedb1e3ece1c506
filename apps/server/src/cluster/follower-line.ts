/** The line of a run at a process that does not own it: what clients say and ask goes to the owner. */
import { FedtuneError } from "@fedtune/core";
import type { Blobs, ServerTransportEvents } from "@fedtune/core";
import type { RunLine } from "../run-line.ts";
import type { Asked, Told } from "./relay-messages.ts";

/** How the owner is reached. */
export interface FollowerPorts {
  readonly blobs: Blobs;
  readonly tell: (message: Told) => void;
  /** @throws FedtuneError what the owner threw, `timeout` */
  readonly ask: (message: Asked) => Promise<unknown>;
}

/** A run that another process owns, or nobody for the moment. */
export interface FollowerLine {
  /** A message of the owner for a client that is connected here. */
  send(connection: string, text: string): void;
  disconnect(connection: string): void;
  /** Ends all its connections; their clients come back and say hello to whoever owns the run then. */
  close(): void;
}

/**
 * Listens on a line that nobody listens on yet. Without an owner (null) clients are kept waiting: a goodbye would end
 * their session, while a connection that is closed once there is an owner is made again at once.
 */
export function followerLine(line: RunLine, owner: FollowerPorts | null): FollowerLine {
  line.transport.listen(owner === null ? waiting(line) : forwarding(line, owner));
  return {
    send: (connection, text) => {
      line.transport.send(connection, text);
    },
    disconnect: (connection) => {
      line.transport.disconnect(connection);
    },
    close() {
      const here = [...line.connections.keys()];
      void line.transport.close();
      for (const connection of here) owner?.tell({ type: "closed", run: line.run, connection });
    },
  };
}

function waiting({ run }: RunLine): ServerTransportEvents {
  const nobody = (): Promise<never> => {
    const message = `Cannot reach run "${run}": no process owns it for the moment`;
    return Promise.reject(new FedtuneError("transport-closed", message));
  };
  return { message: () => undefined, closed: () => undefined, upload: nobody, download: nobody };
}

function forwarding({ run }: RunLine, { tell, ask, blobs }: FollowerPorts): ServerTransportEvents {
  return {
    message(connection, text) {
      tell({ type: "message", run, connection, text });
    },
    closed(connection) {
      tell({ type: "closed", run, connection });
    },
    uploading(connection, slot) {
      // A hint; whether the upload may be is asked when it is there.
      ask({ type: "uploading", run, connection, slot }).catch(() => undefined);
    },
    async upload(connection, slot, { bytes, hash }) {
      await ask({ type: "uploading", run, connection, slot });
      await blobs.put(bytes, hash);
      await ask({ type: "upload", run, connection, slot, hash });
    },
    async download(connection, hash) {
      await ask({ type: "download", run, connection, hash });
      return blobs.get(hash);
    },
  };
}
