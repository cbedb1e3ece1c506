import { FedtuneError, memoryStore, runId, virtualClock } from "@fedtune/core";
import type { RoundState, ServerTransport, ServerTransportEvents } from "@fedtune/core";
import type { Request, Response } from "express";
import { EventEmitter } from "node:events";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { meteredStore, meteredTransport } from "./metered.ts";
import { metricsRouter, serverMetrics } from "./metrics.ts";
import type { ServerMetrics } from "./metrics.ts";

const clock = virtualClock(() => new Promise((resolve) => setImmediate(resolve)));
let metrics: ServerMetrics;

beforeEach(() => {
  metrics = serverMetrics({
    clock,
    connections: () => 7,
    pool: { totalCount: 3, idleCount: 1, waitingCount: 2 },
    queues: { aggregation: () => 4 },
  });
});
afterEach(() => metrics.close());

/** The lines of one figure, without comments. */
async function lines(name: string): Promise<string[]> {
  const text = await metrics.registry.getSingleMetricAsString(name);
  return text.split("\n").filter((line) => line.startsWith(name));
}

function answer(request: Partial<Request>, statusCode: number): void {
  const response = Object.assign(new EventEmitter(), { statusCode });
  void metrics.requests(request as Request, response as unknown as Response, () => undefined);
  response.emit("close");
}

describe("metrics", () => {
  it("[OP4] count requests by method, route and status; what clients make up is one label", async () => {
    const route = { path: "/:run/rounds/:round/updates/:client" };
    for (let i = 0; i < 50; i++) {
      answer({ method: "PUT", baseUrl: "/runs", route }, 204);
      answer({ method: `MADE-UP-${i}`, baseUrl: `/x${i}` }, 404);
      answer({ method: "GET", baseUrl: `/a b${i}`, route: { path: "/ada?" } }, 404);
    }
    expect(await lines("fedtune_http_requests_total")).toEqual([
      'fedtune_http_requests_total{method="PUT",route="/runs/:run/rounds/:round/updates/:client",status="204"} 50',
      'fedtune_http_requests_total{method="other",route="none",status="404"} 50',
      'fedtune_http_requests_total{method="GET",route="none",status="404"} 50',
    ]);
  });

  it("[OP4] follow runs through their rounds, and name no run", async () => {
    const listener = metrics.run();
    const other = metrics.run();
    const to = (phase: RoundState["phase"], one = listener) =>
      one.stateChanged?.({ phase } as RoundState, { type: "start" });
    to("waiting", other);
    to("aggregating");
    clock.after(2_000, () => undefined);
    clock.advance();
    to("committing");
    listener.roundCommitted?.({ seconds: 20 } as never);
    to("collecting");
    listener.refused?.({ client: "mallory-7", code: "not-finite", message: "", round: 1 });
    listener.attemptAbandoned?.({ round: 1, attempt: 1, code: "quorum-missed" });
    expect((await lines("fedtune_runs")).sort()).toEqual([
      'fedtune_runs{phase="collecting"} 1',
      'fedtune_runs{phase="waiting"} 1',
    ]);
    to("completed");
    expect(await lines("fedtune_runs")).toEqual(['fedtune_runs{phase="waiting"} 1']);
    const all = await metrics.registry.metrics();
    expect(all).toContain("fedtune_rounds_committed_total 1");
    expect(all).toContain("fedtune_round_seconds_sum 20");
    expect(all).toContain("fedtune_aggregation_seconds_sum 2");
    expect(all).toContain('fedtune_refusals_total{code="not-finite"} 1');
    expect(all).toContain('fedtune_attempts_abandoned_total{code="quorum-missed"} 1');
    expect(all).not.toContain("mallory-7");
  });

  it("[OP4] read connections, pool, queues, memory and the event loop", async () => {
    const all = await metrics.registry.metrics();
    for (const line of [
      ...["fedtune_connections 7", "fedtune_database_connections 3", "fedtune_database_waiting 2"],
      ...["fedtune_database_idle_connections 1", 'fedtune_queue_length{queue="aggregation"} 4'],
    ])
      expect(all).toContain(line);
    expect(all).toMatch(/fedtune_event_loop_delay_seconds\{quantile="0.99"\} [\d.e-]+\n/);
    expect(all).toMatch(/process_resident_memory_bytes \d+/);
  });

  it("[OP4] count messages by the protocol's types and bytes by direction", async () => {
    let heard: ServerTransportEvents | null = null;
    const inner: ServerTransport = {
      listen: (events) => (heard = events),
      send() {},
      disconnect() {},
      close: async () => undefined,
    };
    const transport = meteredTransport(inner, metrics.figures);
    const refusal = new FedtuneError("update-conflict", "no");
    let refuses = false;
    transport.listen({
      message() {},
      closed() {},
      upload: () => (refuses ? Promise.reject(refusal) : Promise.resolve()),
      download: async () => new Uint8Array(10),
    });
    const events = heard as ServerTransportEvents | null;
    if (events === null) throw new Error("not listening");
    for (const text of [
      `{"type":"hello"}`,
      `{"type":"made up"}`,
      `{"type":"x${"y".repeat(1e6)}"}`,
      "",
    ])
      events.message("c", text);
    transport.send("c", `{"type":"welcome"}`);
    const slot = { run: runId("r"), round: 1, client: "ada" as never };
    const blob = { bytes: new Uint8Array(5), hash: "0" as never };
    await events.upload("c", slot, blob);
    refuses = true;
    await expect(events.upload("c", slot, blob)).rejects.toBe(refusal);
    await events.download("c", "0" as never);
    expect(await lines("fedtune_messages_total")).toEqual([
      'fedtune_messages_total{direction="up",type="hello"} 1',
      'fedtune_messages_total{direction="up",type="other"} 3',
      'fedtune_messages_total{direction="down",type="welcome"} 1',
    ]);
    expect(await lines("fedtune_blob_bytes_total")).toEqual([
      'fedtune_blob_bytes_total{direction="up"} 10',
      'fedtune_blob_bytes_total{direction="down"} 10',
    ]);
    expect(await lines("fedtune_uploads_total")).toEqual([
      'fedtune_uploads_total{outcome="taken"} 1',
      'fedtune_uploads_total{outcome="update-conflict"} 1',
    ]);
  });

  it("[OP4] time the store's calls, with what they answered", async () => {
    const store = meteredStore(memoryStore(), metrics.figures, clock);
    const run = runId("r");
    const { epoch } = await store.openRun({ id: run, configHash: "h" as never, config: {} });
    expect(epoch).toBe(1);
    await expect(store.setPaused(run, 0, true)).rejects.toMatchObject({ code: "stale-epoch" });
    const counts = (await lines("fedtune_store_seconds")).filter((line) => line.includes("_count"));
    expect(counts).toEqual([
      'fedtune_store_seconds_count{call="openRun",outcome="ok"} 1',
      'fedtune_store_seconds_count{call="setPaused",outcome="stale-epoch"} 1',
    ]);
  });

  it("[OP4] are read by those who may", async () => {
    let admits = true;
    const router = metricsRouter(metrics, () => {
      if (!admits) throw new FedtuneError("forbidden", "no");
    });
    const layer = router.stack[0]?.route?.stack[0];
    const ask = async () => {
      const sent: string[] = [];
      const response = {
        set: () => response,
        send: (text: string) => sent.push(text),
      };
      await layer?.handle({} as never, response as never, () => undefined);
      return sent;
    };
    expect((await ask())[0]).toContain("# HELP fedtune_connections");
    admits = false;
    await expect(ask()).rejects.toMatchObject({ code: "forbidden" });
  });
});
