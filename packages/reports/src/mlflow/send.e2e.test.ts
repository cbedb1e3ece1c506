import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sampleResult } from "../test-support/sample.ts";
import { mlflowClient, type MlflowCredentials } from "./client.ts";
import { sendRuns } from "./send.ts";

interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

interface StoredRun {
  readonly experiment: string;
  readonly name: string;
  readonly tags: Map<string, string>;
  readonly params: Map<string, string>;
  readonly metrics: Metric[];
  status: string;
}

interface Body {
  readonly name?: string;
  readonly run_id?: string;
  readonly run_name?: string;
  readonly experiment_id?: string;
  readonly filter?: string;
  readonly status?: string;
  readonly tags?: readonly { key: string; value: string }[];
  readonly params?: readonly { key: string; value: string }[];
  readonly metrics?: readonly Metric[];
}

/** As much of MLflow as runs need, with its limits. */
let server: Server;
let url = "";
const experiments = new Map<string, string>();
const runs = new Map<string, StoredRun>();
let authorization: string | undefined;
/** Statuses of the next answers, before anything is done. */
let failures: number[] = [];
let calls = 0;

function answer(path: string, query: URLSearchParams, body: Body): [number, unknown] {
  const run = runs.get(body.run_id ?? "");
  switch (path) {
    case "experiments/get-by-name": {
      const id = experiments.get(query.get("experiment_name") ?? "");
      return id === undefined
        ? [404, { error_code: "RESOURCE_DOES_NOT_EXIST", message: "no such experiment" }]
        : [200, { experiment: { experiment_id: id } }];
    }
    case "experiments/create":
      experiments.set(body.name ?? "", String(experiments.size + 1));
      return [200, { experiment_id: String(experiments.size) }];
    case "runs/search": {
      const hash = /'(\w+)'/.exec(body.filter ?? "")?.[1];
      const found = [...runs.values()].filter(
        ({ tags, status }) => tags.get("fedtune.cell") === hash && status !== "RUNNING",
      );
      return [200, found.length === 0 ? {} : { runs: found }];
    }
    case "runs/create": {
      const id = `run${String(runs.size)}`;
      runs.set(id, {
        experiment: body.experiment_id ?? "",
        name: body.run_name ?? "",
        tags: new Map(body.tags?.map(({ key, value }) => [key, value])),
        ...{ params: new Map(), metrics: [], status: "RUNNING" },
      });
      return [200, { run: { info: { run_id: id } } }];
    }
    case "runs/log-batch":
      if ((body.metrics?.length ?? 0) > 1000 || (body.params?.length ?? 0) > 100)
        return [400, { error_code: "INVALID_PARAMETER_VALUE", message: "too many at once" }];
      body.params?.forEach(({ key, value }) => run!.params.set(key, value));
      run!.metrics.push(...(body.metrics ?? []));
      return [200, {}];
    case "runs/update":
      run!.status = body.status ?? "";
      return [200, {}];
    default:
      return [404, { error_code: "ENDPOINT_NOT_FOUND", message: path }];
  }
}

async function bodyOf(request: IncomingMessage): Promise<Body> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return (text === "" ? {} : JSON.parse(text)) as Body;
}

beforeEach(async () => {
  experiments.clear();
  runs.clear();
  [failures, calls] = [[], 0];
  server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      calls += 1;
      authorization = request.headers.authorization;
      const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
      const path = pathname.replace("/api/2.0/mlflow/", "");
      const failure = failures.shift();
      const [status, content] =
        failure === undefined ? answer(path, searchParams, body) : [failure, {}];
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(content));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
});

afterEach(() => new Promise((resolve) => server.close(resolve)));

const result = sampleResult({ methods: 1, epsilons: [3], seeds: [1, 2], failed: 1 });
const labelled = [{ label: "my experiment", result }];
const waits: number[] = [];

function client(credentials: MlflowCredentials = {}) {
  waits.length = 0;
  const wait = (ms: number): Promise<void> => {
    waits.push(ms);
    return Promise.resolve();
  };
  return mlflowClient({ url, fetch, wait, ...credentials });
}

describe("runs for MLflow", () => {
  it("hold every cell with its settings, rounds and end", async () => {
    expect(await sendRuns(client(), labelled, 1000)).toEqual({ created: 2, present: 0 });
    expect([...experiments.keys()]).toEqual(["my experiment"]);
    const [first, second] = [...runs.values()];
    expect([first!.status, second!.status]).toEqual(["FINISHED", "FAILED"]);
    expect(first!.name).toBe("method.name=fedavg privacy.epsilon=3 seed=1");
    expect(Object.fromEntries(first!.params)).toEqual({
      "method.name": "fedavg",
      "privacy.epsilon": "3",
      seed: "1",
    });
    const accuracy = first!.metrics.filter(({ key }) => key === "evaluation/accuracy");
    expect(accuracy.map(({ value }) => value)).toEqual(
      result.cells[0]!.rows.map(({ evaluation }) => evaluation!["accuracy"]),
    );
    expect(accuracy[0]).toMatchObject({ step: 0, timestamp: 1000 });
    expect(second!.tags.get("fedtune.failure")).toMatch(/Cannot open round 7/);
  });

  it("are sent once, however often it is asked", async () => {
    await sendRuns(client(), labelled, 1000);
    expect(await sendRuns(client(), labelled, 2000)).toEqual({ created: 0, present: 2 });
    expect(runs.size).toBe(2);
  });

  it("of long cells go in batches that MLflow takes", async () => {
    const rows = Array.from({ length: 50 }, () => result.cells[0]!.rows).flat();
    const cells = [{ ...result.cells[0]!, rows: rows.map((row, round) => ({ ...row, round })) }];
    await sendRuns(client(), [{ label: "long", result: { ...result, cells } }], 0);
    expect([...runs.values()][0]!.metrics.length).toBeGreaterThan(10_000);
  });

  it("survive servers that fail for a while, waiting longer each time", async () => {
    failures = [503, 500, 429];
    await sendRuns(client(), labelled, 0);
    expect(waits).toEqual([500, 2000, 5000]);
    expect(runs.size).toBe(2);
  });

  it.each([
    [[500, 500, 500, 500], "transport-closed", 4],
    [[401], "unauthenticated", 1],
    [[403], "forbidden", 1],
    [[400], "message-invalid", 1],
  ])("end with an error of a code after %s", async (statuses, code, wanted) => {
    failures = [...statuses];
    await expect(sendRuns(client(), labelled, 0)).rejects.toMatchObject({ code });
    expect(calls).toBe(wanted);
  });

  it("name the server that is not there", async () => {
    const wait = (): Promise<void> => Promise.resolve();
    const gone = mlflowClient({ url: "http://127.0.0.1:1", fetch, wait });
    await expect(sendRuns(gone, labelled, 0)).rejects.toMatchObject({
      code: "transport-closed",
      message: expect.stringContaining("http://127.0.0.1:1") as string,
    });
  });

  it("carry a token, or a name and password", async () => {
    await sendRuns(client({ token: "secret", username: "u" }), labelled, 0);
    expect(authorization).toBe("Bearer secret");
    await sendRuns(client({ username: "user", password: "p:w" }), labelled, 0);
    expect(authorization).toBe(`Basic ${Buffer.from("user:p:w").toString("base64")}`);
    await sendRuns(client(), labelled, 0);
    expect(authorization).toBeUndefined();
  });
});
