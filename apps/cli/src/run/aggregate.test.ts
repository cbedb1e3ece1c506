import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readPeftAdapter, writePeftAdapter } from "@fedtune/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { callMain } from "../test-support/capture.ts";

/** Written by PEFT. */
const golden = fileURLToPath(
  new URL("../../../../packages/training/golden/peft/tiny-bert-lora", import.meta.url),
);

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-aggregate-"));
  await cp(golden, join(folder, "a"), { recursive: true });
  await cp(golden, join(folder, "b"), { recursive: true });
});
afterEach(() => rm(folder, { recursive: true }));

const path = (name: string) => join(folder, name);

async function read(name: string) {
  const [config, tensors] = await Promise.all([
    readFile(path(`${name}/adapter_config.json`), "utf8"),
    readFile(path(`${name}/adapter_model.safetensors`)),
  ]);
  return { config, adapter: readPeftAdapter(config, new Uint8Array(tensors), { prefix: "" }) };
}

/** Multiplies every value of a folder's adapter, and writes its label list and other metadata if given. */
async function rewrite(
  name: string,
  factor: number,
  labels?: readonly string[],
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { adapter } = await read(name);
  const { layout, kind, rank, loraAlpha } = adapter;
  const files = writePeftAdapter(
    layout,
    adapter.values.map((value) => value * factor),
    {
      ...{ kind, rank, loraAlpha, prefix: "" },
      ...(labels === undefined
        ? {}
        : { metadata: { labels: JSON.stringify(labels), ...metadata } }),
    },
  );
  await writeFile(path(`${name}/adapter_model.safetensors`), files.safetensors);
}

const aggregate = (...more: readonly string[]) =>
  callMain("aggregate", "--method", "fedavg", "--out", path("out"), ...more);

describe("fedtune aggregate", () => {
  it("[CI7] writes the weighted mean in the files that it read", async () => {
    await rewrite("b", 3);
    const { code, stderr } = await aggregate(`${path("a")}:3`, `${path("b")}:1`);
    expect([code, stderr]).toEqual([0, ""]);
    const [a, out] = await Promise.all([read("a"), read("out")]);
    out.adapter.values.forEach((value, i) => {
      expect(value).toBeCloseTo(1.5 * a.adapter.values[i]!, 5);
    });
    const { targetModules, taskType, baseModel } = a.adapter;
    expect(out.adapter).toMatchObject({ targetModules, taskType, baseModel });
  });

  it("[CI7] [CI12] prints the error per module and in all, as JSON too", async () => {
    const { stdout } = await aggregate(path("a"), path("b"), "--json");
    const printed = JSON.parse(stdout) as { error: { total: number; modules: unknown[] } };
    expect(printed.error.total).toBeLessThan(1e-6);
    expect(printed.error.modules).toHaveLength(4);
    await rewrite("b", -2);
    const text = (await aggregate(path("a"), path("b"))).stdout;
    expect(text).toMatch(/^all together +\d\.\d\de[+-]\d$/m);
  });

  it.each([
    ["the label list", "adapter-invalid"],
    ["the kind", "config-conflict"],
  ])("[CI7] refuses folders that differ in %s", async (what, expected) => {
    await rewrite("a", 1, ["no", "yes"]);
    await rewrite("b", 1, ["yes", "no"]);
    if (what === "the kind") {
      await cp(golden.replace("tiny-bert-lora", "tiny-bert-rslora"), path("b"), {
        recursive: true,
      });
    }
    const { code, stderr } = await aggregate(path("a"), path("b"));
    expect(stderr).toContain(expected);
    expect(stderr).toContain(what === "the kind" ? "b has rank 4 and lora_alpha 8 (rslora)" : what);
    expect(code).toBe(what === "the kind" ? 2 : 3);
  });

  it.each(["1e308", "1e-320"])("[CI7] weights of %s are weights like others", async (weight) => {
    await rewrite("b", 3);
    expect(await aggregate(`${path("a")}:${weight}`, `${path("b")}:${weight}`)).toMatchObject({
      code: 0,
    });
    const [a, out] = await Promise.all([read("a"), read("out")]);
    out.adapter.values.forEach((value, i) => {
      expect(value).toBeCloseTo(2 * a.adapter.values[i]!, 5);
    });
  });

  it("[CI7] says that a product is exact, and why a result has a larger rank", async () => {
    await rewrite("b", -2);
    const call = ["aggregate", "-m", "fedex-lora", "-o", path("out"), path("a"), path("b")];
    const { stdout, code } = await callMain(...call);
    expect(code).toBe(0);
    expect(stdout).toContain("lora of rank 8, lora_alpha 16");
    expect(stdout).toContain("rank 4 of this is that change, 4 of its own");
    expect(stdout).toContain("to rounding: relative distance");
    expect((await read("out")).adapter).toMatchObject({ rank: 8, loraAlpha: 16 });
  });

  it.each([
    ["a zero weight for all", ["a:0", "b:0"], 1, "error zero-weight"],
    ["a negative weight", ["a:-1", "b"], 2, "a weight >= 0"],
    ["a weight that is no number", ["a:NaN", "b"], 2, "a weight >= 0"],
    ["a folder twice", ["a", "b/../a"], 2, "with itself"],
    ["a folder without a config", ["a", "bare"], 3, "no readable adapter_config.json"],
    ["a tensor with NaN", ["a", "broken"], 3, "broken: Cannot use tensor"],
    ["a folder that lacks factors", ["a", "partial"], 3, "partial: it is incomplete"],
  ])("[CI7] [CI15] refuses %s", async (_, words, status, text) => {
    await mkdir(path("bare"));
    await cp(path("a/adapter_model.safetensors"), path("bare/adapter_model.safetensors"));
    await cp(path("b"), path("partial"), { recursive: true });
    await cp(path("b"), path("broken"), { recursive: true });
    const tensors = await readFile(path("b/adapter_model.safetensors"));
    tensors.writeFloatLE(Number.NaN, tensors.length - 4);
    await writeFile(path("broken/adapter_model.safetensors"), tensors);
    await rewrite("partial", 1, [], { incomplete: "up" });
    const { code, stderr } = await aggregate(...words.map((word) => path(word)));
    expect(stderr).toContain(text);
    expect(code).toBe(status);
  });

  it("[CI7] an output that cannot be written is named", async () => {
    await writeFile(path("out"), "a file");
    const { code, stderr } = await aggregate(path("a"), path("b"));
    expect(stderr).toContain("error storage-failed: Cannot write the adapter to folder");
    expect(code).toBe(5);
  });

  it("[CI7] dora and vera: what they have besides A and B is averaged, another product is refused", async () => {
    for (const kind of ["dora", "vera"]) {
      const source = golden.replace("tiny-bert-lora", `tiny-bert-${kind}`);
      await cp(source, path("a"), { recursive: true });
      await cp(source, path("b"), { recursive: true });
      await rewrite("b", 1);
      expect(await aggregate(path("a"), path("b"))).toMatchObject({ code: 0, stderr: "" });
      const [a, out] = await Promise.all([read("a"), read("out")]);
      expect(out.adapter.kind.name).toBe(kind);
      out.adapter.values.forEach((value, i) => {
        expect(value).toBeCloseTo(a.adapter.values[i]!, 6);
      });
    }
    const fedex = await callMain("aggregate", "-m", "fedex-lora", "-o", path("out"), path("a"));
    expect(fedex).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("it takes adapters of product BA") as string,
    });
    await cp(golden, path("b"), { recursive: true });
    const mixed = await aggregate(path("a"), path("b"));
    expect(mixed).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("the adapter kind is lora, wanted vera") as string,
    });
  });

  it("[CI7] refuses to write over what it reads", async () => {
    const { code, stderr } = await aggregate(path("a"), `${path("out")}/../out:2`);
    expect(stderr).toContain("it is one of the folders to combine");
    expect(code).toBe(2);
  });

  it("[CI15] [CI3] names a folder that has no adapter, an unknown method and an unknown option", async () => {
    expect(await aggregate(path("none"))).toMatchObject({ code: 3 });
    const method = await aggregate(path("a"), "--method", "fedavgg");
    expect(method).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('"fedavg"') as string,
    });
    const option = await aggregate(path("a"), "--option", "beta=1");
    expect(option.stderr).toContain("error config-invalid: Cannot read the options of fedavg");
  });
});
