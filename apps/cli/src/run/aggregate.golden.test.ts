/** `fedtune aggregate` against rounds that numpy computed from the papers' equations. */
import { methods } from "@fedtune/aggregators";
import {
  adapterKind,
  layoutOf,
  readPeftAdapter,
  writePeftAdapter,
  describePlan,
} from "@fedtune/core";
import type { Layout, Method } from "@fedtune/core";
import { loadGolden } from "@fedtune/testkit";
import type { MethodGolden } from "@fedtune/testkit";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { ScaledAdapter } from "../aggregate/product-error.ts";
import { callMain } from "../test-support/capture.ts";

const goldenFolder = new URL("../../../../packages/aggregators/golden/", import.meta.url);
const lora = adapterKind("lora");

/** Goldens by file name; the part before the first dot is the method. */
const files = readdirSync(goldenFolder).filter((file) => file.endsWith(".json"));
const cases = files.flatMap((file) => {
  const name = file.split(".")[0] ?? "";
  const method: Method | undefined = methods.find((candidate) => candidate.name === name);
  const golden = loadGolden<MethodGolden>(new URL(file, goldenFolder));
  if (method === undefined || !worksOnFiles(method)) return [];
  return golden.rounds.map((_, round) => ({ file, method, golden, round }));
});

/** Not those of other products, nor those that add sparse changes to a server's own adapter. */
function worksOnFiles(method: Method): boolean {
  return method.claims.products.includes("BA") && !describePlan(method).sparse;
}

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fedtune-golden-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function writeFolder(path: string, layout: Layout, { values, golden }: Content) {
  const { rank, scaling } = golden;
  const settings = { kind: lora, rank, loraAlpha: scaling * rank, prefix: "" };
  const written = writePeftAdapter(layout, values, settings);
  await mkdir(path);
  await writeFile(join(path, "adapter_config.json"), written.config);
  await writeFile(join(path, "adapter_model.safetensors"), written.safetensors);
}
interface Content {
  readonly values: Float32Array;
  readonly golden: MethodGolden;
}

/** A full matrix per module: scaling times B A. */
function products({ kind, layout, values, ...settings }: ScaledAdapter) {
  const scaling = kind.scaling(settings);
  const ups = layout.factors.filter(({ role }) => role === "up");
  return new Map(
    ups.map((up) => {
      const down = layout.factors.find((one) => one.module === up.module && one.role === "down")!;
      const [rank, width] = [down.shape[0]!, down.shape[1]!];
      const product = Array.from({ length: up.shape[0]! * width }, (_, i) => {
        const [row, column] = [Math.floor(i / width), i % width];
        let sum = 0;
        for (let k = 0; k < rank; k++) {
          sum += values[up.offset + row * rank + k]! * values[down.offset + k * width + column]!;
        }
        return scaling * sum;
      });
      return [up.module, product] as const;
    }),
  );
}

function expectClose(found: readonly number[], wanted: readonly number[], tolerance: number) {
  const scale = 1 + Math.max(...wanted.map(Math.abs));
  expect(found).toHaveLength(wanted.length);
  found.forEach((value, i) => {
    expect(Math.abs(value - wanted[i]!)).toBeLessThanOrEqual(tolerance * scale);
  });
}

it.each(cases)("[CI7] [AG16] $file, round $round", async ({ method, golden, round }) => {
  const layout = layoutOf(golden.factors);
  const { clients, adapter, base = {} } = golden.rounds[round]!;
  // What did not travel is as the round before left it, and what is frozen as it always is.
  const before = golden.rounds[round - 1]?.adapter ?? golden.initial;
  const held = layout.factors.flatMap(({ role, offset, size }) =>
    (method.claims.freezes.includes(role) ? adapter : before).slice(offset, offset + size),
  );
  const folders = clients.map(
    ({ index, weight }) => `${join(folder, String(index))}:${String(weight)}`,
  );
  for (const { index, trained } of clients) {
    const values = Float32Array.from(trained, (value, i) => value ?? held[i] ?? golden.initial[i]!);
    await writeFolder(join(folder, String(index)), layout, { values, golden });
  }
  const options = Object.entries(golden.config).flatMap(([key, value]) => [
    "--option",
    `${key}=${JSON.stringify(value)}`,
  ]);
  const out = join(folder, "out");
  const call = ["aggregate", "--method", method.name, "--out", out, ...options, ...folders];
  const { code, stderr, stdout } = await callMain(...call, "--json");
  expect([code, stderr]).toEqual([0, ""]);
  const read = async (name: string) => new Uint8Array(await readFile(join(out, name)));
  const config = new TextDecoder().decode(await read("adapter_config.json"));
  const result = readPeftAdapter(config, await read("adapter_model.safetensors"), { prefix: "" });
  const printed = JSON.parse(stdout) as { error: { total: number } };
  const isPlain = Object.keys(golden.config).length === 0;
  if (method.claims.exactProduct && isPlain) expect(printed.error.total).toBeLessThan(1e-6);
  if (method.claims.changesBase !== true) {
    const known = adapter.flatMap((value, i) => (value === null ? [] : [i]));
    expect(known).not.toHaveLength(0);
    const pick = (values: ArrayLike<number | null>) => known.map((i) => values[i] ?? NaN);
    expectClose(pick(result.values), pick(adapter), golden.tolerance);
    return;
  }
  // The base as it was before the round is not the folders'; the adapter's own product is part of the result.
  const formerBase = golden.rounds[round - 1]?.base ?? {};
  const values = Float32Array.from(adapter, (value) => value ?? 0);
  const { rank, scaling } = golden;
  const own = products({ kind: lora, rank, loraAlpha: scaling * rank, layout, values });
  for (const [module, product] of products(result)) {
    const change = base[module]!.map((value, i) => value - (formerBase[module]?.[i] ?? 0));
    const wanted = change.map((value, i) => value + own.get(module)![i]!);
    expectClose(product, wanted, golden.tolerance * 2);
  }
});
