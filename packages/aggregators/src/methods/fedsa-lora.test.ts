import { adapterKind, factorView, gatherRoles, selectRoles } from "@fedtune/core";
import type { AdapterKind } from "@fedtune/core";
import {
  expectClose,
  expectSameBits,
  methodBench,
  openFederation,
  playRound,
} from "@fedtune/testkit";
import { randomRound, tierIn } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { fedavg } from "./fedavg.ts";
import { fedsaLora } from "./fedsa-lora.ts";

function benchOf(kind: AdapterKind) {
  return methodBench(fedsaLora, { kind, head: "personal", ranks: [2] });
}

const bench = benchOf(adapterKind("lora"));
const { layout } = tierIn(bench.context.tiers, 2);

describe("fedsa-lora", () => {
  it("[AG11] leaves B and head of the global adapter at the run's first values, and moves A by fedavg's mean", () => {
    const played = playRound(bench, openFederation(bench), randomRound(bench, "one"));
    const values = bench.method.adapter(played.server.state, 2);
    const first = bench.context.initial(2);
    expectSameBits(
      gatherRoles(layout, values, ["up", "head"]),
      gatherRoles(layout, first, ["up", "head"]),
    );
    const control = methodBench(fedavg, { kind: adapterKind("lora"), head: "freeze", ranks: [2] });
    const averaged = playRound(control, openFederation(control), {
      train: () => (client) => played.clients[client.index]!.trained!,
    });
    const down = control.method.adapter(averaged.server.state, 2);
    expectSameBits(gatherRoles(layout, values, ["down"]), gatherRoles(layout, down, ["down"]));
  });

  it("[AG14] uploads A alone; over VeRA's vectors that is d, as many values as the rank", () => {
    const vera = benchOf(adapterKind("vera"));
    for (const some of [bench, vera]) {
      const { updates } = playRound(some, openFederation(some), randomRound(some, "bytes"));
      const own = selectRoles(tierIn(some.context.tiers, 2).layout, ["down"]);
      expect(updates.map(({ delta }) => delta.length)).toEqual(updates.map(() => own.size));
    }
    const { updates } = playRound(vera, openFederation(vera), randomRound(vera, "bytes"));
    expect(updates[0]!.delta).toHaveLength(2 * vera.modules.length);
  });

  it("averages A within float32 of the weighted mean of the clients' A", () => {
    const played = playRound(bench, openFederation(bench), randomRound(bench, "mean"));
    const total = played.clients.reduce((sum, { weight }) => sum + weight, 0);
    const reached = bench.method.adapter(played.server.state, 2);
    for (const factor of layout.factors.filter(({ role }) => role === "down")) {
      const mean = new Float64Array(factor.size);
      for (const { weight, trained } of played.clients) {
        factorView(trained!, factor).forEach((value, i) => (mean[i]! += (weight / total) * value));
      }
      expectClose(factorView(reached, factor), mean, 1e-6);
    }
  });

  it.each(["zero", "fit"])("plans the cold start that the run asks for: %s", (coldStart) => {
    for (const kind of ["lora", "rslora", "vera"]) {
      const some = { ...benchOf(adapterKind(kind)), config: fedsaLora.config.parse({ coldStart }) };
      const { server } = playRound(some, openFederation(some), randomRound(some, "plan"));
      const plan = some.method.plan(server.state, 2, { index: 0, rank: 2, holds: null });
      expect(plan).toMatchObject({ coldStart, upload: ["down"], personal: ["up", "head"] });
    }
    expect(fedsaLora.config.parse({}).coldStart).toBe("zero");
  });
});
