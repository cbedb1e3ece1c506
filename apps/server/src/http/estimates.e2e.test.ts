/** Estimates over HTTP, and in the thread that makes them. */
import { combiners, methods } from "@fedtune/aggregators";
import { adapterKinds, FedtuneError } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import { nodeClock } from "@fedtune/node-ports";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { apiServer } from "../test-support/api-server.ts";
import type { ApiServer } from "../test-support/api-server.ts";
import { layout, modules, toyConfig } from "../test-support/toy-run.ts";
import { threadPool } from "../workers/thread-pool.ts";
import { estimates } from "./estimates.ts";
import type { EstimateOptions } from "./estimates.ts";

const registries = { methods, combiners, kinds: adapterKinds, privacy: privacyRules };
const model = { bytes: 1_000, describe: () => ({ layout, modules, maxTokens: 16 }) };
const privacy = { mode: "record-level", samplingRate: 0.1, targetEpsilon: 3 };
const rounds = { numRounds: 4, weightedBy: "uniform" };

/** The same with its fields in another order. */
function turned(document: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).reverse());
}

describe("estimates over HTTP", () => {
  let server: ApiServer;
  beforeEach(async () => {
    server = await apiServer();
  });
  afterEach(async () => {
    await server.close();
    expect(server.failures).toEqual([]);
  });

  it("[AP1] tell those who may make runs what is wrong, or what it would cost, and make nothing", async () => {
    const api = server.client("runs:write", "runs:read");
    const fine = await api.estimateRun({ body: { config: toyConfig() } });
    expect(fine).toMatchObject({ problems: [], config: { name: "toy" }, cost: { rounds: 4 } });
    const wrong = await api.estimateRun({ body: { config: { ...toyConfig(), modle: "x" } } });
    expect(wrong).toMatchObject({
      ...{ config: null, cost: null },
      problems: [{ path: "modle", value: "x", fix: { path: "model", removes: "modle" } }],
    });
    const gone = await api.estimateRun({ body: { config: { ...toyConfig(), model: "missing" } } });
    expect(gone).toMatchObject({ config: null, cost: null, problems: [{ path: "model" }] });
    expect((await api.listRuns()).total).toBe(0);
    const reader = server.client("runs:read");
    await expect(reader.estimateRun({ body: { config: {} } })).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});

describe("estimates in a thread", () => {
  const pool = threadPool({ clock: nodeClock, threads: 1 });
  afterAll(() => pool.close());

  it("are what they are here, noise and curve included, and are made once", async () => {
    const make = estimates({ registries, askModel: () => Promise.resolve(model), pool });
    const { rounds: policy, ...config } = toyConfig({ method: { name: "ffa-lora" } });
    const document = { ...config, rounds: { ...policy, ...rounds }, privacy };
    const [one, other] = [make(document), make(turned(document))];
    expect(other).toBe(one);
    const { problems, cost } = await one;
    expect(problems).toEqual([]);
    expect(cost?.epsilon).toMatchObject({ unit: "example", limit: 3, exceededAfter: null });
    expect(cost?.epsilon?.curve.map(([round]) => round)).toEqual([1, 2, 3, 4]);
  });

  it("that fail are not remembered, and no more wait than there is room for", async () => {
    let isBroken = true;
    const waiting: (() => void)[] = [];
    const run = (): Promise<unknown> =>
      isBroken
        ? Promise.reject(new FedtuneError("backend-broken", "Cannot estimate"))
        : new Promise<void>((resolve) => waiting.push(resolve));
    const slow = { run } as unknown as EstimateOptions["pool"];
    const make = estimates({ registries, askModel: () => Promise.resolve(model), pool: slow });
    await expect(make({ seed: 1 })).rejects.toMatchObject({ code: "backend-broken" });
    isBroken = false;
    const all = Array.from({ length: 8 }, (_, seed) => make({ seed }));
    await expect(make({ seed: 8 })).rejects.toMatchObject({ code: "rate-limited" });
    await expect.poll(() => waiting.length).toBe(8);
    for (const done of waiting) done();
    await Promise.all(all);
    const next = make({ seed: 8 });
    await expect.poll(() => waiting.length).toBe(9);
    waiting[8]!();
    await next;
  });

  it("of a fault that is no refusal are a fault", async () => {
    const askModel = () => Promise.reject(new RangeError("a bug"));
    const make = estimates({ registries, askModel, pool });
    await expect(make(toyConfig())).rejects.toThrow("a bug");
  });
});
