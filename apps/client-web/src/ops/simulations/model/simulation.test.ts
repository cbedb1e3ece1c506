import { describe, expect, test } from "vitest";
import { sampleConfig } from "../../run/fixture/config.ts";
import { layerErrors } from "../../run/model/layers.ts";
import { isSimulationFile, readSimulations } from "./simulation.ts";
import { viewsOf } from "./views.ts";

/** Lines as `fedtune simulate --out` writes them into rounds.jsonl. */
const first = {
  ...{
    round: 0,
    evaluation: { loss: 2.4, accuracy: 0.25 },
    evaluationTraffic: null,
    training: null,
  },
  ...{ method: {}, aggregationError: null, epsilon: 0, sampled: 0, accepted: 0, refusals: {} },
  ...{ declined: 0, gone: 0, seconds: 0, bytesUp: 0, bytesDown: 0 },
  ...{ controlBytesUp: 0, controlBytesDown: 0 },
};
const row = (round: number) => ({
  ...{
    ...first,
    round,
    training: { loss: 1 / round },
    evaluation: { accuracy: 0.5 + round / 100 },
  },
  ...{
    sampled: 4,
    accepted: 3,
    gone: 1,
    seconds: 12.5,
    bytesUp: 300,
    bytesDown: 400,
    epsilon: round / 10,
  },
  aggregationError: {
    total: 0.01,
    reason: null,
    standardError: 0,
    modules: { "layer.0.query": 0.01 },
  },
  evaluationTraffic: { bytesUp: 5, bytesDown: 7, controlBytesUp: 1, controlBytesDown: 1 },
});
const lines = (...rows: readonly object[]): string =>
  `${rows.map((one) => JSON.stringify(one)).join("\n")}\n`;
const files = [
  { path: "results/rounds.jsonl", text: lines(first, row(1), row(2)) },
  {
    path: "results/config.json",
    text: JSON.stringify({ ...sampleConfig, simulation: { clients: 4 } }),
  },
  { path: "results/shares.json", text: "{}" },
];

describe("results of simulations", () => {
  test("are read from a folder of --out, named after it", () => {
    const [found, ...others] = readSimulations(files);
    expect(others).toEqual([]);
    expect(found).toMatchObject({ name: "results", settings: { method: "fedsa-lora", seed: 42 } });
    expect(found?.rows.map(({ round }) => round)).toEqual([0, 1, 2]);
    expect(found?.rows[1]).toMatchObject({
      sampled: 4,
      accepted: 3,
      bytesUp: 305,
      bytesDown: 407,
      seconds: 12.5,
    });
    expect(found?.rows[0]).toMatchObject({ sampled: null, accepted: null, seconds: null });
  });

  test("are read from what --json prints", () => {
    const summary = {
      run: "run",
      configHash: "ab".repeat(32),
      status: "completed",
      rounds: [first, row(1)],
    };
    const [found] = readSimulations([{ path: "out.json", text: JSON.stringify(summary) }]);
    expect(found).toMatchObject({ name: "run", configHash: "ab".repeat(32) });
    expect(found?.rows).toHaveLength(2);
  });

  test("several folders are several simulations; a folder without its config has its rounds", () => {
    const more = [...files, { path: "other/rounds.jsonl", text: lines(row(1)) }];
    expect(readSimulations(more).map(({ name }) => name)).toEqual(["results", "other"]);
  });

  test.each([
    [[{ path: "a/rounds.jsonl", text: "{" }], /a\/rounds.jsonl, line 1: it is not JSON/],
    [[{ path: "a/rounds.jsonl", text: lines({ round: "x" }) }], /rounds.jsonl, line 1/],
    [[{ path: "a/rounds.jsonl", text: "" }], /it has no round/],
    [[{ path: "x.json", text: "[]" }], /x.json/],
    [[], /wanted the folder that fedtune simulate --out wrote/],
  ])("say what is wrong with %j", (given, message) => {
    expect(() => readSimulations(given)).toThrow(message);
  });

  test.each([
    ["results/rounds.jsonl", true],
    ["results/config.json", true],
    ["summary.json", true],
    ["results/adapter/adapter_config.json", false],
    ["results/adapter/adapter_model.safetensors", false],
  ])("%s is read: %s", (path, is) => {
    expect(isSimulationFile(path)).toBe(is);
  });

  test("stand in the views of live runs, marked", () => {
    const [found] = readSimulations(files);
    const views = viewsOf({ ...found!, id: "0123", addedAtMs: 0 });
    expect(views).toMatchObject({
      isSimulation: true,
      run: { committedRounds: 2, status: "completed" },
    });
    expect(views.privacy).toMatchObject({
      spent: 0.2,
      limit: 3,
      past: [
        [0, 0],
        [1, 0.1],
        [2, 0.2],
      ],
    });
    expect(layerErrors(views.rows)).toMatchObject({
      kind: "measured",
      rows: [{ name: "0 query" }],
    });
  });
});
