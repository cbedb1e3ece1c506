/** The data plane: blobs by hash to clients, updates by slot from them. */
import { FedtuneError } from "@fedtune/core";
import type { Hash } from "@fedtune/core";
import { Router } from "express";
import { z } from "zod";
import { readBody } from "../read-body.ts";
import { listenerOf } from "../run-line.ts";
import type { HubConnection } from "../run-line.ts";
import type { SocketHub } from "../socket-server-transport.ts";
import { sendBytes } from "./bytes.ts";
import { bearerKey, fields, hashHeader, paramsOf } from "./params.ts";

const blobAddress = z.object({ run: fields.run, hash: fields.hash });
const slotAddress = z.object({ run: fields.run, round: fields.round, client: fields.client });

/** Routes under `/runs`; each request carries the key of a live connection that has said hello to that run. */
export function blobRoutes(hub: SocketHub, hash: Hash): Router {
  const router = Router();
  router.get("/:run/blobs/:hash", async (request, response) => {
    const { run, hash: wanted } = paramsOf(blobAddress, request);
    const { connection, line } = hub.authorise(bearerKey(request), run);
    sendBytes(response, await listenerOf(line).download(connection.id, wanted), wanted);
  });
  router.put("/:run/rounds/:round/updates/:client", async (request, response) => {
    const slot = paramsOf(slotAddress, request);
    const { connection, line } = hub.authorise(bearerKey(request), slot.run);
    const announced = hashHeader(request);
    const bytes = await oneAtATime(connection, () => readBody(request, line.maxUploadBytes));
    if (hash.sha256(bytes) !== announced) {
      throw new FedtuneError(
        "blob-corrupt",
        `Cannot take an update: its bytes do not have hash ${announced}`,
      );
    }
    await listenerOf(line).upload(connection.id, slot, { bytes, hash: announced });
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
