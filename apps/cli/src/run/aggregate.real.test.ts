/** `fedtune aggregate` on the factors of a trained adapter: Microsoft's LoRA of RoBERTa-base for MNLI. */
import {
  adapterKind,
  layoutOf,
  readSafetensors,
  rngFromSeed,
  tensorToFloat32,
  writePeftAdapter,
} from "@fedtune/core";
import type { FactorSpec, Layout } from "@fedtune/core";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { callMain } from "../test-support/capture.ts";

const source = fileURLToPath(
  new URL(
    "../../../../../shared/models/roberta-base-lora-mnli/adapter.safetensors",
    import.meta.url,
  ),
);
const reason = existsSync(source)
  ? ""
  : ": skipped, roberta-base-lora-mnli is not beside this repository";

/** Modules of the file's layers; each layer is one pretend client, the modules of all are called alike. */
const modules = ["query", "value"] as const;
const clients = [0, 5, 11] as const;
const kind = adapterKind("lora");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-real-"));
  if (reason !== "") return;
  const { tensors } = readSafetensors(new Uint8Array(await readFile(source)));
  const read = (name: string) => tensorToFloat32(tensors.get(name)!, { finite: true });
  for (const layer of clients) {
    const path = `roberta.encoder.layer.${String(layer)}.attention.self`;
    // Rank 8 as it is; of layer 5 the first four directions only: another rank, another scaling.
    const rank = layer === 5 ? 4 : 8;
    const values = modules.flatMap((module) => {
      const [A, B] = [read(`${path}.${module}.lora_A`), read(`${path}.${module}.lora_B`)];
      return [...A.subarray(0, rank * 768), ...B.filter((_, i) => i % 8 < rank)];
    });
    await write(`layer-${String(layer)}`, layoutAt(rank), Float32Array.from(values));
    if (layer !== 0) continue;
    // The same adapter after a little training of its own.
    const rng = rngFromSeed("perturbed");
    const moved = values.map((value) => value * (1 + 0.01 * rng.normal()));
    await write("perturbed", layoutAt(rank), Float32Array.from(moved));
  }
});
afterAll(() => rm(folder, { recursive: true }));

function layoutAt(rank: number): Layout {
  return layoutOf(
    modules.flatMap((module): FactorSpec[] =>
      kind.factors({ name: module, in: 768, out: 768 }, { rank, loraAlpha: 16 }),
    ),
  );
}

async function write(name: string, layout: Layout, values: Float32Array): Promise<void> {
  const rank = layout.factors[0]?.shape[0] ?? 0;
  const files = writePeftAdapter(layout, values, { kind, rank, loraAlpha: 16, prefix: "" });
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, "adapter_config.json"), files.config);
  await writeFile(join(folder, name, "adapter_model.safetensors"), files.safetensors);
}

interface Printed {
  readonly rank: number;
  readonly loraAlpha: number;
  readonly error: { readonly total: number };
}

async function aggregate(method: string, ...more: readonly string[]): Promise<Printed> {
  const paths = more.map((word) => (/^(layer|perturbed)/.test(word) ? join(folder, word) : word));
  const call = ["aggregate", "--json", "-m", method, "-o", join(folder, `${method}-out`), ...paths];
  const { code, stdout, stderr } = await callMain(...call);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Printed;
}

describe.skipIf(reason !== "")(`real factors${reason}`, () => {
  it("[CI7] layers as clients: a mean of factors is far from the mean of products, exact methods are not", async () => {
    const given = ["layer-0", "layer-11:2"];
    const fedavg = await aggregate("fedavg", ...given);
    const fair = await aggregate("lora-fair", ...given);
    const flexlora = await aggregate("flexlora", ...given);
    const fedex = await aggregate("fedex-lora", ...given);
    expect(fedavg.error.total).toBeGreaterThan(0.1);
    expect(fair.error.total).toBeLessThan(fedavg.error.total);
    expect(flexlora.error.total).toBeLessThan(fair.error.total);
    expect(fedex).toMatchObject({ rank: 16, loraAlpha: 32 });
    expect(fedex.error.total).toBeLessThan(1e-6);
  });

  it("[CI7] ranks 8, 4 and 8: flora is exact, flexlora at the sum of ranks too, hetlora is neither", async () => {
    const given = ["layer-0", "layer-5:3", "layer-11"];
    const flora = await aggregate("flora", ...given);
    expect(flora.rank).toBe(20);
    expect(flora.error.total).toBeLessThan(1e-6);
    const cut = await aggregate("flexlora", ...given);
    const whole = await aggregate("flexlora", "--rank", "20", ...given);
    expect([cut.rank, whole.rank]).toEqual([8, 20]);
    expect(cut.error.total).toBeGreaterThan(0.01);
    expect(whole.error.total).toBeLessThan(1e-6);
    const hetlora = await aggregate("hetlora", ...given);
    expect(hetlora.rank).toBe(8);
    expect(hetlora.error.total).toBeGreaterThan(cut.error.total);
  });

  it("[CI7] clients that hardly differ: a mean of factors is close, and its small error has digits", async () => {
    const { error } = await aggregate("fedavg", "layer-0", "perturbed");
    expect(error.total).toBeGreaterThan(1e-6);
    expect(error.total).toBeLessThan(1e-3);
  });
});
