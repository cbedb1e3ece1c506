/** The data plane: blobs by hash to clients, updates by slot from them. */
import { FedtuneError } from "@fedtune/core";
import type { Hash, RunId, UploadSlot } from "@fedtune/core";
import { Router } from "express";
import type { Request } from "express";
import { z } from "zod";
import { byteBudget } from "../byte-budget.ts";
import { readBody } from "../read-body.ts";
import type { Received } from "../read-body.ts";
import { listenerOf } from "../run-line.ts";
import type { HubConnection } from "../run-line.ts";
import type { SignedBy } from "../security/verify-request.ts";
import type { SocketHub } from "../socket-hub.ts";
import { sendBytes } from "./bytes.ts";
import { bearerKey, fields, hashHeader, paramsOf } from "./params.ts";

const blobAddress = z.object({ run: fields.run, hash: fields.hash });
const slotAddress = z.object({ run: fields.run, round: fields.round, client: fields.client });

/** Bytes of all uploads that are read at the same time. */
const UPLOADS_IN_MEMORY = 256 * 2 ** 20;

/** What the data plane stands on. */
export interface BlobRouteOptions {
  readonly hub: SocketHub;
  readonly hash: Hash;
  /** Takes a request once, and says who signed it; absent: the key of the connection is enough. */
  readonly verify?: ((request: Request) => Promise<SignedBy>) | null;
  /** Counts what a client uploads. @throws FedtuneError `rate-limited` */
  readonly countUpload?: (slot: UploadSlot, bytes: number) => Promise<void>;
}

/** Routes under `/runs`; each request carries the key of a live connection that has said hello to that run. */
export function blobRoutes({ hub, hash, verify = null, countUpload }: BlobRouteOptions): Router {
  const router = Router();
  const memory = byteBudget(UPLOADS_IN_MEMORY);
  const authorised = async (request: Request, run: RunId) => {
    const found = hub.authorise(bearerKey(request), run);
    const signed = await verify?.(request);
    const { signedBy } = found.connection;
    if (signed === undefined || signedBy === null) return found;
    if (signed.run === signedBy.run && signed.client === signedBy.client) return found;
    throw new FedtuneError("forbidden", "Cannot serve blobs: another client signed the request");
  };
  router.get("/:run/blobs/:hash", async (request, response) => {
    const { run, hash: wanted } = paramsOf(blobAddress, request);
    const { connection, line } = await authorised(request, run);
    sendBytes(response, await listenerOf(line).download(connection.id, wanted), wanted);
  });
  router.put("/:run/rounds/:round/updates/:client", async (request, response) => {
    const slot = paramsOf(slotAddress, request);
    const { connection, line } = await authorised(request, slot.run);
    const announced = hashHeader(request);
    const length = Number(request.headers["content-length"] ?? 0);
    await countUpload?.(slot, length);
    listenerOf(line).uploading?.(connection.id, slot);
    // What is too long is refused by its length: it waits for no memory, and keeps nobody waiting.
    const held = length <= line.maxUploadBytes ? length : 0;
    await memory.spend(held, async () => {
      const received: Received = (so, total) => {
        line.events?.received?.(connection.id, { ...slot, received: so, total });
      };
      const bytes = await oneAtATime(connection, () =>
        readBody(request, line.maxUploadBytes, received),
      );
      if (hash.sha256(bytes) !== announced) {
        throw new FedtuneError(
          "blob-corrupt",
          `Cannot take an update: its bytes do not have hash ${announced}`,
        );
      }
      await listenerOf(line).upload(connection.id, slot, { bytes, hash: announced });
    });
    response.status(204).end();
  });
  return router;
}

/** What is held in memory is bounded by one update per connection. */
async function oneAtATime<T>(connection: HubConnection, read: () => Promise<T>): Promise<T> {
  if (connection.uploading) {
    throw new FedtuneError(
      "rate-limited",
      "Cannot take an update while another of this client is being read",
    );
  }
  connection.uploading = true;
  try {
    return await read();
  } finally {
    connection.uploading = false;
  }
}
