/** Adapters whose first values the run's seed alone does not give. */
import { methods } from "@fedtune/aggregators";
import { adapterKind, adapterKinds, adapterLayout, factorView, rngFromSeed } from "@fedtune/core";
import { toyTrainer } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { simulate } from "./simulate.ts";
import { clients, config, options } from "./test-support/toy-run.ts";

const modules = [
  { name: "a", in: 12, out: 10 },
  { name: "b", in: 8, out: 9 },
];
const weight = (module: string): Float32Array => {
  const { in: inputs, out } = modules.find(({ name }) => name === module)!;
  const rng = rngFromSeed(`weight of ${module}`);
  return Float32Array.from({ length: out * inputs }, () => rng.uniform() - 0.5);
};

/** A toy run of one kind. */
async function run(kind: string, more: object = {}) {
  const layout = adapterLayout(adapterKind(kind), { rank: 2, loraAlpha: 4 }, { modules, head: [] });
  const result = await simulate(
    { ...config, adapter: { kind, rank: 2, loraAlpha: 4 }, ...more },
    options({
      registries: { methods, kinds: adapterKinds },
      describe: () => ({ layout, modules }),
      weights: () => Promise.resolve(weight),
      trainer: toyTrainer(layout),
      verify: true,
    }),
  );
  return { ...result, layout };
}

describe("a first adapter that the seed alone does not give", () => {
  it("[RE19] of DoRA is fetched once by every client: its magnitudes are the base's row norms", async () => {
    const { end, history, layout } = await run("dora");
    expect(end).toEqual({ status: "completed", failure: null });
    expect(history.rounds).toHaveLength(4);
    const blobBytes = 48 + 4 * layout.size;
    expect(history.rounds[0]?.traffic.bytesDown).toBe(clients.length * blobBytes);
  });

  it("[RE19] of an orthonormal FFA-LoRA is published although the kind draws it from the seed", async () => {
    const method = { name: "ffa-lora", orthonormalInit: true };
    const { end, adapter, layout } = await run("lora", { method });
    expect(end.status).toBe("completed");
    for (const factor of layout.factors.filter(({ role }) => role === "down")) {
      const [rank = 0, width = 0] = factor.shape;
      const A = factorView(adapter, factor);
      for (let i = 0; i < rank; i++)
        for (let k = 0; k < rank; k++) {
          let inner = 0;
          for (let j = 0; j < width; j++) inner += A[i * width + j]! * A[k * width + j]!;
          expect(inner).toBeCloseTo(i === k ? 1 : 0, 5);
        }
    }
  });

  it("[RE19] of PiSSA takes the same part out of the base at every party", async () => {
    const adapter = { kind: "lora", rank: 2, loraAlpha: 4, init: "pissa" };
    const { end, residuals } = await run("lora", { adapter });
    expect(end.status).toBe("completed");
    expect(residuals.map(({ modules: parts }) => parts.map(({ module }) => module))).toEqual([
      ["a", "b"],
    ]);
    const ranks = { ...adapter, clientRanks: [2, 1] };
    await expect(run("lora", { adapter: ranks, method: { name: "flora" } })).rejects.toThrow(
      /adapter.init = "pissa"/,
    );
  });

  it("[RE19] of a kind that draws all from the seed costs nobody a byte", async () => {
    const { history } = await run("vera", { method: { name: "ffa-lora" } });
    expect(history.rounds[0]?.traffic.bytesDown).toBe(0);
  });
});
