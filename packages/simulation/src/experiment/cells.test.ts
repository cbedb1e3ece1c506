import { methods } from "@fedtune/aggregators";
import { adapterKinds, FedtuneError, resolveRun } from "@fedtune/core";
import type { InputIssue } from "@fedtune/core";
import { privacyRules } from "@fedtune/dp";
import { nodeHash } from "@fedtune/node-ports";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { simulationSchema } from "../config.ts";
import { cellHash } from "./cell-hash.ts";
import { cellName, expandExperiment } from "./cells.ts";
import type { PlannedCell } from "./cells.ts";
import { presets } from "./presets/registry.ts";
import { experimentSchema } from "./schema.ts";
import type { JsonValue } from "./schema.ts";

type Input = Omit<z.input<typeof experimentSchema>, "name">;
type Fields = Readonly<Record<string, JsonValue>>;

const expand = (input: Input) => expandExperiment(experimentSchema.parse({ name: "x", ...input }));
const one = { seeds: [1] };

function issuesOf(input: Input): readonly Pick<InputIssue, "field" | "wanted">[] {
  try {
    expand(input);
  } catch (error) {
    expect(error).toBeInstanceOf(FedtuneError);
    expect((error as FedtuneError).code).toBe("config-conflict");
    return (error as FedtuneError).data["issues"] as InputIssue[];
  }
  throw new Error("nothing was refused");
}

/** The one issue of an experiment: field and what was wanted. */
function issueOf(input: Input): readonly [string, string] {
  const [first, ...others] = issuesOf(input);
  expect(others).toEqual([]);
  return [first!.field, first!.wanted];
}

describe("the cells of an experiment", () => {
  it("are variants, then the grid in the file's order, then seeds", () => {
    const cells = expand({
      base: { rounds: { numRounds: 2 } },
      variants: [{ name: "plain" }, { name: "frozen", set: { "method.name": "ffa-lora" } }],
      grid: { "adapter.rank": [2, 4], "training.batchSize": [8] },
      seeds: { first: 5, count: 2 },
    });
    expect(cells.map(cellName)).toEqual([
      "variant plain, adapter.rank 2, training.batchSize 8, seed 5",
      "variant plain, adapter.rank 2, training.batchSize 8, seed 6",
      "variant plain, adapter.rank 4, training.batchSize 8, seed 5",
      "variant plain, adapter.rank 4, training.batchSize 8, seed 6",
      "variant frozen, method.name ffa-lora, adapter.rank 2, training.batchSize 8, seed 5",
      "variant frozen, method.name ffa-lora, adapter.rank 2, training.batchSize 8, seed 6",
      "variant frozen, method.name ffa-lora, adapter.rank 4, training.batchSize 8, seed 5",
      "variant frozen, method.name ffa-lora, adapter.rank 4, training.batchSize 8, seed 6",
    ]);
    expect(cells.at(-1)!.config).toEqual({
      rounds: { numRounds: 2 },
      method: { name: "ffa-lora" },
      adapter: { rank: 4 },
      training: { batchSize: 8 },
      seed: 6,
    });
  });

  it("are one for each seed where nothing is varied", () => {
    expect(expand({}).map(({ config }) => config)).toEqual([{ seed: 1 }, { seed: 2 }, { seed: 3 }]);
  });

  it("leave out what holds all values of an exclusion, a variant by its name", () => {
    const cells = expand({
      variants: [{ name: "a" }, { name: "b", set: { head: "freeze" } }],
      grid: { "adapter.rank": [2, 4], "training.batchSize": [8, 16] },
      exclude: [
        { variant: "a", "adapter.rank": 4 },
        { "training.batchSize": 16, "adapter.rank": 2 },
      ],
      ...one,
    });
    expect(cells.map(({ variant, settings }) => [variant, ...Object.values(settings)])).toEqual([
      ["a", 2, 8],
      ["b", "freeze", 2, 8],
      ["b", "freeze", 4, 8],
      ["b", "freeze", 4, 16],
    ]);
  });

  it("have seeded noise where privacy says nothing of it", () => {
    const privacy = { mode: "record-level", targetEpsilon: 6, samplingRate: 0.1 };
    const [plain, noisy] = expand({ grid: { privacy: [{ mode: "none" }, privacy] }, ...one });
    expect([plain!.config["privacy"], noisy!.config["privacy"]]).toEqual([
      { mode: "none" },
      { ...privacy, noise: "seeded" },
    ]);
    const secure = { base: { privacy: { ...privacy, noise: "secure" } } };
    expect(issueOf(secure)).toEqual(["privacy.noise", "seeded: an experiment is repeatable"]);
  });
});

describe("an experiment that contradicts itself", () => {
  it.each<[string, Input, string, string]>([
    [
      "a field of variant and grid",
      { variants: [{ name: "a", set: { head: "share" } }], grid: { head: ["freeze"] } },
      "variants.0.set.head",
      "each field set once; grid.head sets it as well",
    ],
    [
      "a field within another one",
      { grid: { method: [{ name: "fedavg" }], "method.name": ["ffa-lora"] } },
      "grid.method.name",
      "each field set once; grid.method sets it as well",
    ],
    [
      "a seed in the grid",
      { grid: { seed: [1, 2] } },
      "grid.seed",
      "nothing: the field `seeds` has the seeds",
    ],
    [
      "a seed in the base",
      { base: { seed: 1 } },
      "base.seed",
      "nothing: the field `seeds` has the seeds",
    ],
    ["a seed twice", { seeds: [3, 4, 3] }, "seeds", "each seed once"],
    [
      "seeds beyond the last",
      { seeds: { first: 0xffffffff, count: 2 } },
      "seeds.first",
      "a last seed of at most 4294967295",
    ],
    [
      "variants of one name",
      { variants: [{ name: "a" }, { name: "a", set: { head: "share" } }] },
      "variants.1.name",
      "a name of its own",
    ],
    [
      "variants of one content",
      { variants: [{ name: "a" }, { name: "b" }], ...one },
      "variant b, seed 1",
      "another run than that of variant a, seed 1",
    ],
    [
      "a value twice",
      { grid: { "adapter.rank": [2, 4, 2] }, ...one },
      "adapter.rank 2, seed 1",
      "another run than that of adapter.rank 2, seed 1",
    ],
    [
      "an exclusion of nothing",
      { grid: { "adapter.rank": [2] }, exclude: [{ "adapter.rank": 3 }] },
      "exclude.0",
      "values that variants and grid combine",
    ],
    [
      "an exclusion of everything",
      { grid: { "adapter.rank": [2] }, exclude: [{ "adapter.rank": 2 }] },
      "exclude",
      "something left to play; it takes out every cell",
    ],
    [
      "an unknown preset",
      { preset: "fedsd" },
      "preset",
      `one of ${presets.map(({ name }) => name).join(", ")}`,
    ],
    [
      "too many cells",
      {
        grid: {
          a: Array.from({ length: 400 }, (_, k) => k),
          b: Array.from({ length: 400 }, (_, k) => k),
        },
      },
      "grid",
      "at most 100000 cells",
    ],
    [
      "compares what does not differ",
      { grid: { "adapter.rank": [2, 4] }, report: { compare: "method.name" } },
      "report.compare",
      "one of adapter.rank",
    ],
    [
      "compares where nothing differs",
      { report: { compare: "variant" } },
      "report.compare",
      "null: the experiment varies nothing",
    ],
  ])("is refused: %s", (_, input, field, wanted) => {
    expect(issueOf(input)).toEqual([field, wanted]);
  });

  it("is refused where a path leads through a value without fields", () => {
    const [field, wanted] = issueOf({ base: { model: "m" }, grid: { "model.size": [1] } });
    expect(field).toBe("the grid");
    expect(wanted).toContain('"m" has no field "size"');
  });

  it("[SI13] is refused with everything that is wrong at once", () => {
    const fields = issuesOf({ preset: "none-such", grid: { seed: [1] } }).map(({ field }) => field);
    expect(fields).toEqual(["preset", "grid.seed"]);
  });
});

const registries = { methods, kinds: adapterKinds, privacy: privacyRules };
const task = { kind: "sequence-classification", labels: ["no", "yes"] };

function hashOf({ config }: Pick<PlannedCell, "config">): string {
  const { simulation = {}, ...run } = config;
  const file = nodeHash.sha256(new Uint8Array(1));
  return cellHash(
    {
      run: resolveRun({ ...run, task }, registries, nodeHash).config,
      simulation: simulationSchema.parse({ data: "d.tsv", ...(simulation as object) }),
      files: { data: file, test: null },
      ...{ model: file, engine: "wasm", version: "1" },
    },
    nodeHash,
  );
}

describe("a cell's hash", () => {
  const shuffled = (fields: Fields): fc.Arbitrary<Fields> =>
    fc
      .shuffledSubarray(Object.entries(fields), { minLength: Object.keys(fields).length })
      .map((entries) => Object.fromEntries(entries));
  const grid = {
    "adapter.rank": [2, 4],
    "method.name": ["fedavg", "rolora"],
    head: ["share", "freeze"],
  };
  const base = {
    rounds: { numRounds: 2, minFitClients: 1 },
    training: { batchSize: 4 },
    name: "r",
  };

  it("does not depend on the order of keys, nor on what is left to defaults", () => {
    const hashes = (input: Input) =>
      expand({ ...input, ...one })
        .map(hashOf)
        .sort();
    const wanted = hashes({ base, grid });
    expect(new Set(wanted).size).toBe(8);
    fc.assert(
      fc.property(shuffled(base), shuffled(grid), (otherBase, otherGrid) => {
        const other = { base: otherBase, grid: otherGrid as typeof grid };
        expect(hashes(other)).toEqual(wanted);
      }),
      { numRuns: 10 },
    );
    const defaults = { ...base, update: { codec: "f32" }, simulation: { text: "text" } };
    expect(hashes({ base: defaults, grid })).toEqual(wanted);
  });

  it("is another one for another seed or setting", () => {
    const cells = expand({ base, grid, seeds: { count: 3 } });
    expect(new Set(cells.map(hashOf)).size).toBe(cells.length);
  });
});

it("cells are the product of variants, grid and seeds, less those that are excluded", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
  const counts = fc.integer({ min: 1, max: 4 });
  fc.assert(
    fc.property(lengths, counts, counts, fc.nat(3), (sizes, variantCount, seedCount, excluded) => {
      const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
      const grid = Object.fromEntries(sizes.map((size, axis) => [`axis${axis}`, numbers(size)]));
      const variants = numbers(variantCount).map((k) => ({ name: `v${k}`, set: { own: k } }));
      const out = Math.min(excluded, variantCount - 1);
      const exclude = numbers(out).map((k) => ({ variant: `v${k}` }));
      const cells = expand({ variants, grid, exclude, seeds: { count: seedCount } });
      const product = sizes.reduce((all, size) => all * size, variantCount * seedCount);
      expect(cells).toHaveLength(product - (product / variantCount) * out);
    }),
  );
});

describe("a preset", () => {
  it.each(presets.map((preset) => [preset.name, preset] as const))(
    "%s resolves",
    (name, preset) => {
      const [cell] = expand({ preset: name, base: { simulation: { data: "d.tsv" } }, ...one });
      const { simulation, ...run } = cell!.config;
      expect(simulationSchema.parse(simulation).data).toBe("d.tsv");
      const { config } = resolveRun({ ...run, task }, registries, nodeHash);
      expect(config.method["name"]).toBe(name);
      expect(preset.source).toMatch(/^arXiv \d{4}\.\d{5}/);
    },
  );

  it("lies under the base, which replaces a method or scheme of another name whole", () => {
    const base = {
      adapter: { rank: 2 },
      method: { name: "fedavg" },
      simulation: { partition: { scheme: "iid" } },
    };
    const [cell] = expand({ preset: "cellm", base, ...one });
    expect(cell!.config).toMatchObject({
      adapter: { rank: 2, loraAlpha: 16 },
      rounds: { numRounds: 200 },
    });
    expect(cell!.config["method"]).toEqual({ name: "fedavg" });
    expect(cell!.config["simulation"]).toEqual({ clients: 350, partition: { scheme: "iid" } });
    const [own] = expand({ preset: "cellm", base: { method: { densityUp: 0.5 } }, ...one });
    expect(own!.config["method"]).toMatchObject({ name: "cellm", densityUp: 0.5 });
  });
});
