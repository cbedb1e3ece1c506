import { FedtuneError, runId } from "@fedtune/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiServer } from "../test-support/api-server.ts";
import type { ApiServer } from "../test-support/api-server.ts";
import { rawClient, updateOf } from "../test-support/raw-client.ts";
import { layout, toyConfig } from "../test-support/toy-run.ts";
import type { RunEvent } from "./run-service.ts";

let server: ApiServer;
beforeEach(async () => {
  server = await apiServer();
});
afterEach(async () => {
  await server.close();
  expect(server.failures).toEqual([]);
});

const toy = runId("toy");
const params = { run: toy };

async function made(numRounds = 2): Promise<void> {
  const rounds = { minAvailableClients: 1, minFitClients: 1, numRounds };
  await server.client("runs:write").createRun({ body: { config: toyConfig({ rounds }) } });
}

/** One client does the rounds; `before` each. */
async function played(rounds: number, before: (round: number) => void = () => undefined) {
  const client = await rawClient(server.url, "ada");
  await client.enrol();
  for (let round = 1; round <= rounds; round++) {
    const order = await client.hear("order");
    before(round);
    await client.deliver(order, updateOf(order, new Float32Array(layout.size).fill(round)));
  }
  await client.hear("finished");
  await client.close();
}

/** Follows until the end. */
async function followed(options: { readonly backoffMs?: number } = {}): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of server.client("runs:read").followRun({ params, ...options })) {
    events.push(event);
  }
  return events;
}

function roundsOf(events: readonly RunEvent[]): number[] {
  return events.flatMap((event) => (event.type === "round" ? event.round.round : []));
}

/** The raw stream; resolves with its text when it ends. */
async function raw(headers: Record<string, string> = {}) {
  const authorization = `Bearer ${server.security.bearer("runs:read")}`;
  const response = await fetch(`${server.api}/runs/toy/events`, {
    headers: { authorization, ...headers },
  });
  return { response, text: await response.text() };
}

describe("the events of a run", () => {
  it("[AP4] are told from now to the end: states, committed rounds, the last state", async () => {
    await made();
    const following = followed();
    await played(2);
    const events = await following;
    expect(events[0]).toMatchObject({ type: "state" });
    expect(roundsOf(events)).toEqual([1, 2]);
    expect(events.at(-1)).toMatchObject({ type: "state", state: { phase: "completed" } });
    const phases = events.flatMap((event) => (event.type === "state" ? event.state.phase : []));
    for (const phase of ["collecting", "aggregating", "committing"])
      expect(phases).toContain(phase);
  });

  it("[AP4] go on without a gap over streams that the server ends", async () => {
    await made(4);
    const following = followed({ backoffMs: 1 });
    await played(4, () => {
      server.breakStreams();
    });
    const events = await following;
    expect(roundsOf(events)).toEqual([1, 2, 3, 4]);
    expect(events.filter(({ type }) => type === "missed")).toEqual([]);
  });

  it("[AP4] that are not held any more are said to be missed", async () => {
    await server.close();
    server = await apiServer({ events: { capacity: 2 } });
    await made();
    await played(2);
    const { text } = await raw({ "last-event-id": "0-1" });
    expect(text.startsWith('data: {"type":"missed"}\n\n')).toBe(true);
    expect(text).toContain('"phase":"completed"');
    expect(text.endsWith("event: end\ndata: {}\n\n")).toBe(true);
  });

  it("[AP4] of a run that is over end, and a browser that comes back is told to stop asking", async () => {
    await made();
    await played(2);
    const { response, text } = await raw();
    expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const last = /^id: (.*)$/m.exec(text)?.[1] ?? "";
    expect((await raw({ "last-event-id": last })).response.status).toBe(204);
  });

  it("[AP4] of a run that an earlier process served are its last state", async () => {
    await made();
    await played(2);
    await server.close();
    server = await apiServer({ store: server.store });
    expect(await followed()).toMatchObject([{ type: "state", state: { phase: "completed" } }]);
  });

  it("name refusals and abandoned attempts", async () => {
    await made();
    const following = followed();
    const client = await rawClient(server.url, "ada");
    await client.enrol();
    const order = await client.hear("order");
    const bytes = updateOf(order, new Float32Array(layout.size));
    new DataView(bytes.buffer, bytes.byteOffset).setFloat32(bytes.length - 4, NaN, true);
    await client.deliver(order, bytes);
    await client.hear("refused");
    await server.client("runs:write").stopRun({ params });
    await client.close();
    expect(await following).toContainEqual({
      type: "refusal",
      refusal: expect.objectContaining({ client: "ada", code: "not-finite", round: 1 }) as unknown,
    });
  });

  it("tell how far each member is, gathered, and to who comes anew how all of them are", async () => {
    await made();
    const following = followed();
    const client = await rawClient(server.url, "ada");
    await client.enrol();
    const order = await client.hear("order");
    const late = server.client("runs:read").followRun({ params });
    expect((await late.next()).value).toMatchObject({ type: "state" });
    expect((await late.next()).value).toMatchObject({
      ...{ type: "members", round: 1, attempt: 1 },
      members: [{ index: 0, status: "ordered", isAway: false, code: null }],
    });
    await late.return(undefined);
    await client.deliver(order, updateOf(order, new Float32Array(layout.size).fill(1)));
    await client.hear("accepted");
    await server.client("runs:write").stopRun({ params });
    await client.close();
    const told = (await following).flatMap((event) => (event.type === "members" ? event : []));
    const first = told.filter(({ round }) => round === 1).flatMap(({ members }) => members);
    expect(first.at(-1)).toMatchObject({ index: 0, status: "accepted" });
    expect(first.at(-1)?.bytesUp).toBeGreaterThan(0);
  });

  it("say nothing of members where presence is hidden", async () => {
    const rounds = { minAvailableClients: 1, minFitClients: 1, numRounds: 1 };
    const { rounds: policy, ...config } = toyConfig({ rounds });
    const privacy = { mode: "user-level", noiseMultiplier: 1, expectedCohort: 1 };
    const hidden = { ...config, rounds: { ...policy, weightedBy: "uniform" }, privacy };
    await server.client("runs:write").createRun({ body: { config: hidden } });
    const following = followed();
    await played(1);
    const types = (await following).map(({ type }) => type);
    expect(types).toContain("round");
    expect(types).not.toContain("members");
  });

  it("have no more readers than the server lets in, and forget those who leave", async () => {
    await server.close();
    server = await apiServer({ events: { maxReaders: 1 } });
    await made();
    const first = server.client("runs:read").followRun({ params });
    await first.next();
    const second = server.client("runs:read").followRun({ params, attempts: 1 });
    await expect(second.next()).rejects.toThrow(FedtuneError);
    await first.return(undefined);
    await expect
      .poll(async () => {
        const third = server.client("runs:read").followRun({ params, attempts: 1 });
        const { value } = (await third.next().catch(() => ({ value: null }))) as { value: unknown };
        await third.return(undefined);
        return value;
      })
      .toMatchObject({ type: "state" });
  });
});
