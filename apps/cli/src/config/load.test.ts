import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { methods } from "@fedtune/aggregators";
import { adapterKinds, FedtuneError, resolveRun } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadConfig, withPlaces } from "./load.ts";
import type { ConfigSource } from "./load.ts";
import { parseConfig } from "./yaml-file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-config-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(text: string, name = "run.yaml"): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

function failure(attempt: () => unknown): FedtuneError {
  try {
    attempt();
  } catch (error) {
    if (error instanceof FedtuneError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const registries = { methods, kinds: adapterKinds };
const resolveConfig = (source: ConfigSource) =>
  withPlaces(source, (value) => resolveRun(value, registries, nodeHash));

const task = "task: { kind: sequence-classification, labels: [a, b] }\n";

describe("a config file", () => {
  it("[CI14] may be YAML or JSON, also JSON with tabs", () => {
    const value = { seed: 7, task: { labels: ["no", "yes"] } };
    expect(parseConfig("seed: 7\ntask:\n  labels: [no, yes]\n", "x").value).toEqual(value);
    expect(parseConfig(JSON.stringify(value, null, "\t"), "x").value).toEqual(value);
    expect(parseConfig("", "x").value).toEqual({});
  });

  it.each([
    ["a: 1\na: 2\n", "x:2:1"],
    ["a: [1\nb: 2\n", "x:2:1"],
    ["- 1\n", "wanted keys and values"],
  ])("[CI14] %j is refused with its place", (text, place) => {
    expect(failure(() => parseConfig(text, "x"))).toMatchObject({
      code: "config-invalid",
      message: expect.stringContaining(place) as string,
    });
  });

  it("[CI14] an alias bomb is refused", () => {
    const lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
    for (const [from, to] of ["ab", "bc", "cd", "de"]) {
      lines.push(
        `${String(to)}: &${String(to)} [${Array(10)
          .fill(`*${String(from)}`)
          .join(", ")}]`,
      );
    }
    expect(failure(() => parseConfig(lines.join("\n"), "x")).code).toBe("config-invalid");
  });

  it("[CI14] knows the place of keys, elements, and of the nearest part that exists", () => {
    const { place } = parseConfig("seed: 1\nrounds:\n  numRounds: 3\nnames:\n  - x\n  - y\n", "r");
    expect(place(["seed"])).toBe("r:1:1");
    expect(place(["rounds", "numRounds"])).toBe("r:3:3");
    expect(place(["rounds", "missing"])).toBe("r:2:1");
    expect(place(["names", "1"])).toBe("r:6:5");
    expect(place(["absent"])).toBeNull();
  });

  it("[CI14] that is missing, or a folder, or too large, has its own error", async () => {
    await expect(loadConfig({ file: join(folder, "none") })).rejects.toMatchObject({
      code: "file-missing",
    });
    await expect(loadConfig({ file: folder })).rejects.toMatchObject({ code: "file-unreadable" });
    const large = await file(`# ${"x".repeat(1_000_001)}`, "large.yaml");
    await expect(loadConfig({ file: large })).rejects.toMatchObject({ code: "file-unreadable" });
  });
});

describe("options over a file", () => {
  it("[CI14] set wins over an option, an option over the file", async () => {
    const path = await file("seed: 1\nrounds: { numRounds: 1, minFitClients: 1 }\nname: a\n");
    const source = await loadConfig({
      file: path,
      flags: {
        "--rounds": ["rounds.numRounds", 2],
        "--seed": ["seed", 2],
        "--model": ["model", undefined],
      },
      set: [{ key: "seed", value: 3 }],
    });
    expect(source.value).toEqual({
      seed: 3,
      name: "a",
      rounds: { numRounds: 2, minFitClients: 1 },
    });
    expect(source.place("seed")).toBe("--set seed");
    expect(source.place("rounds.numRounds")).toBe("--rounds");
    expect(source.place("name")).toBe(`${path}:3:1`);
  });

  it("[CI14] set reaches into objects that the file does not have, and into lists", async () => {
    const set = [
      { key: "training.optimizer.name", value: "sgd" },
      { key: "labels", value: ["a", "b"] },
      { key: "labels.1", value: "c" },
      { key: "__proto__.polluted", value: 1 },
    ];
    const { value } = await loadConfig({ set });
    expect(value).toMatchObject({ training: { optimizer: { name: "sgd" } }, labels: ["a", "c"] });
    expect(Reflect.get({}, "polluted")).toBeUndefined();
  });

  it.each(["seed.x", "a..b", "labels.9", "labels.x"])("[CI14] set %s is refused", async (key) => {
    const path = await file("seed: 1\nlabels: [a]\n");
    await expect(loadConfig({ file: path, set: [{ key, value: 1 }] })).rejects.toMatchObject({
      code: "usage",
    });
  });

  it("[CI14] what the schema refuses is reported with the place where it was set", async () => {
    const path = await file(`${task}sede: 1\nrounds:\n  numRounds: 0\n`);
    const source = await loadConfig({
      file: path,
      set: [{ key: "training.batchSize", value: "big" }],
    });
    const error = failure(() => resolveConfig(source));
    expect(error.data["issues"]).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          field: "sede",
          place: `${path}:2:1`,
          wanted: expect.stringContaining("seed") as string,
        }),
        expect.objectContaining({ field: "rounds.numRounds", place: `${path}:4:3` }),
        expect.objectContaining({ field: "training.batchSize", place: "--set training.batchSize" }),
      ]),
    );
  });

  it("[CI14] a good one resolves", async () => {
    const source = await loadConfig({
      file: await file(task),
      set: [{ key: "method.name", value: "ffa-lora" }],
    });
    expect(resolveConfig(source).config.method).toMatchObject({ name: "ffa-lora" });
  });
});
