import { adapterKinds, factorView, readPeftAdapter, resolveRun } from "@fedtune/core";
import { methods } from "@fedtune/aggregators";
import { nodeHash } from "@fedtune/node-ports";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { saveAdapter } from "./adapter-folder.ts";
import { openBaseModel, prepareWith, takenOutOf } from "./base-model.ts";

const base = fileURLToPath(
  new URL("../../../../packages/training/golden/tiny-bert", import.meta.url),
);
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-taken-out-"));
});
afterAll(() => rm(folder, { recursive: true }));

function resolved(init: string, method = "fedavg") {
  const adapter = { kind: "lora", init, rank: 3, loraAlpha: 6, targetModules: ["query"] };
  const task = { kind: "sequence-classification", labels: ["a", "b"] };
  const config = { name: "try", model: base, method: { name: method }, adapter, task };
  return resolveRun(config, { methods, kinds: adapterKinds }, nodeHash);
}

describe("adapters that begin with a part of the base", () => {
  it("[AD8] are needed only where a product was taken out", async () => {
    const model = await openBaseModel(base);
    expect(await takenOutOf(model, resolved("kaiming"))).toBeNull();
  });

  // Of fedsa-lora's adapter the clients keep B: what stands for it is the first one, which changes nothing either.
  it.each(["fedavg", "fedsa-lora"])(
    "[AD8] untrained, %s saves one that changes nothing",
    async (method) => {
      const run = resolved("pissa", method);
      const model = await openBaseModel(base);
      const takenOut = await takenOutOf(model, run);
      const { initialState } = await prepareWith(model, run);
      const out = await saveAdapter(join(folder, method), {
        description: model.describe(run.config),
        values: run.method.adapter(initialState, 3),
        resolved: run,
        round: 0,
        takenOut,
      });
      const read = readPeftAdapter(
        await readFile(join(out, "adapter_config.json"), "utf8"),
        new Uint8Array(await readFile(join(out, "adapter_model.safetensors"))),
        { prefix: model.prefix },
      );
      expect(read).toMatchObject({ rank: 6, loraAlpha: 12 });
      const [A, B] = read.layout.factors.map((factor) => factorView(read.values, factor));
      expect(A!.subarray(0, 96)).toEqual(A!.subarray(96));
      for (let row = 0; row < 32; row++) {
        const own = [...B!.subarray(row * 6, (row + 1) * 6)];
        expect(own.slice(0, 3)).toEqual(own.slice(3).map((value) => -value));
        expect(own.some((value) => value !== 0)).toBe(true);
      }
    },
  );
});
