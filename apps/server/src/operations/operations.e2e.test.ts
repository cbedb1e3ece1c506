/** Health, figures, logs and leaving on a real server. */
import { FedtuneError, memoryBlobs } from "@fedtune/core";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import express from "express";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { errorHandler } from "../edge.ts";
import { serverLog } from "../log.ts";
import { drainer } from "./drain.ts";
import { blobsWritable, healthRouter, notDraining } from "./health.ts";
import { serverLogging } from "./logging.ts";
import { metricsRouter, serverMetrics } from "./metrics.ts";

/** A server as it is put together, with one route that takes its time. */
async function scene() {
  const lines: string[] = [];
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const metrics = serverMetrics({ clock: nodeClock });
  const { logger, requestIds } = serverLogging(
    { level: "info", format: "json", output },
    nodeEntropy,
  );
  const app = express();
  const server = createServer(app);
  const drain = drainer({
    ...{ clock: nodeClock, timeoutMs: 10_000, phases: () => [], failed: () => undefined },
    closing: [
      () =>
        new Promise<void>((resolve) => {
          server.close(() => {
            resolve();
          });
          server.closeIdleConnections();
        }),
    ],
  });
  const blobs = blobsWritable(memoryBlobs(), { hash: nodeHash, entropy: nodeEntropy });
  const checks = { blobs, leaving: notDraining(drain) };
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  let arrived = (): void => undefined;
  const inside = new Promise<void>((resolve) => (arrived = resolve));
  app.use(requestIds, metrics.requests);
  app.use(healthRouter({ checks, clock: nodeClock, keepMs: 0 }));
  app.use(
    metricsRouter(metrics, ({ headers }) => {
      if (headers.authorization !== "Bearer ft_x") throw new FedtuneError("unauthenticated", "no");
    }),
  );
  app.use(drain.guard);
  app.put("/slow/:client", async (_request, response) => {
    logger.info("inside");
    arrived();
    await held;
    response.status(204).end();
  });
  app.use(errorHandler(serverLog(null)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async () => {
    release();
    await drain.begin();
    metrics.close();
  };
  return { url, lines, drain, inside, release: () => release(), close };
}

describe("a server in operation", () => {
  let server: Awaited<ReturnType<typeof scene>>;
  beforeEach(async () => {
    server = await scene();
  });
  afterEach(() => server.close());
  const get = (path: string, headers = {}) => fetch(server.url + path, { headers });

  it("[OP1] [OP2] is ready until it leaves, ends what is under way and refuses what is new", async () => {
    expect(await (await get("/readyz")).json()).toMatchObject({ status: "ready" });
    const slow = fetch(`${server.url}/slow/ada`, { method: "PUT" });
    await server.inside;
    const end = server.drain.begin();
    const ready = await get("/readyz");
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({
      status: "unavailable",
      checks: { blobs: { ok: true }, leaving: { ok: false } },
    });
    expect((await get("/healthz")).status).toBe(200);
    const refused = await fetch(`${server.url}/slow/bob`, { method: "PUT" });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
    expect(await refused.json()).toMatchObject({ code: "draining" });
    server.release();
    expect((await slow).status).toBe(204);
    expect(await end).toMatchObject({ left: 0 });
  });

  it("[OP4] gives its figures to those who may read them, and names no client", async () => {
    server.release();
    await fetch(`${server.url}/slow/ada-7`, { method: "PUT" });
    expect((await get("/metrics")).status).toBe(401);
    const answer = await get("/metrics", { authorization: "Bearer ft_x" });
    expect(answer.headers.get("content-type")).toContain("text/plain");
    const text = await answer.text();
    expect(text).toContain(
      'fedtune_http_requests_total{method="PUT",route="/slow/:client",status="204"} 1',
    );
    expect(text).not.toContain("ada-7");
  });

  it("[OP4] a line of the log leads to its request", async () => {
    server.release();
    const answer = await fetch(`${server.url}/slow/ada`, { method: "PUT" });
    const id = answer.headers.get("x-request-id");
    expect(id).toMatch(/^[0-9a-f]{16}$/);
    expect(JSON.parse(server.lines[0] ?? "")).toMatchObject({ msg: "inside", request: id });
  });
});
