import { adapterKind, aggregationError, factorView, matrixFrom } from "@fedtune/core";
import type { FactorRole, LinearModule } from "@fedtune/core";
import {
  effectiveUpdate,
  methodBench,
  openFederation,
  playRound,
  randomRound,
  relativeDistance,
  tierIn,
} from "@fedtune/testkit";
import type { PlayedRound } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { fedavg } from "./fedavg.ts";

const bench = methodBench(fedavg, { kind: adapterKind("lora"), head: "share", ranks: [2] });
const tier = tierIn(bench.context.tiers, 2);

/** The adapter after a round, its weight changes, and the mean of the clients' weight changes. */
function outcome({ server, clients }: PlayedRound) {
  const effect = (values: Float32Array) =>
    effectiveUpdate(bench.modules, tier, { values, residuals: [] });
  const values = bench.method.adapter(server.state, 2);
  const total = clients.reduce((sum, { weight }) => sum + weight, 0);
  const ideal = effect(values).map((_, i) =>
    clients.reduce((sum, c) => sum + (c.weight / total) * effect(c.trained!)[i]!, 0),
  );
  return { values, reached: effect(values), ideal };
}

/** One module's factors of a tier vector. */
function pairOf({ name }: LinearModule, values: Float32Array) {
  const of = (role: FactorRole) => {
    const factor = tier.layout.factors.find((f) => f.module === name && f.role === role)!;
    return matrixFrom(factorView(values, factor), factor.shape);
  };
  return { up: of("up"), down: of("down") };
}

describe("fedavg", () => {
  it("misses the mean of the products by the weighted sum of (B_k - B)(A_k - A)", () => {
    const played = playRound(bench, openFederation(bench), randomRound(bench, "bias"));
    const { values, reached, ideal } = outcome(played);
    let from = 0;
    for (const module of bench.modules) {
      const to = from + module.in * module.out;
      const gap = ideal.slice(from, to).map((value, i) => value - reached[from + i]!);
      const ratio = Math.hypot(...gap) / Math.hypot(...ideal.slice(from, to));
      const sent = played.clients.map((c) => ({ weight: c.weight, ...pairOf(module, c.trained!) }));
      expect(aggregationError(sent, pairOf(module, values))).toBeCloseTo(ratio, 5);
      expect(ratio).toBeGreaterThan(0.01);
      from = to;
    }
  });

  it.each(["down", "up"])("is exact when all clients leave %s as it was", (still) => {
    const start = playRound(bench, openFederation(bench), randomRound(bench, "start"));
    const { train } = randomRound(bench, "one side");
    const played = playRound(bench, start, {
      train: (roles) => train(roles.filter((role) => role !== still)),
    });
    const { reached, ideal } = outcome(played);
    expect(relativeDistance(reached, ideal)).toBeLessThan(1e-6);
  });

  it("reports the length of the mean change", () => {
    const played = playRound(bench, openFederation(bench), randomRound(bench, "norm"));
    const start = bench.context.initial(2);
    const change = outcome(played).values.map((value, i) => value - start[i]!);
    expect(played.server.metrics["updateNorm"]).toBeCloseTo(Math.hypot(...change), 5);
  });
});
