import { adapterKind, gatherRoles, identity, multiplyTransposedRight, svd } from "@fedtune/core";
import type { AdapterKind, Method } from "@fedtune/core";
import {
  caughtUp,
  effectiveUpdate,
  expectClose,
  expectSameBits,
  methodBench,
  openFederation,
  tierIn,
} from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { pairPlaces, readPair } from "../module-pairs.ts";
import { warmedUp } from "../test-support/cohort.ts";
import { ffaLora } from "./ffa-lora.ts";

function benchOf(kind: AdapterKind, rank: number) {
  const method = ffaLora as Method;
  const bench = methodBench(method, { kind, head: "freeze", ranks: [rank] });
  return { ...bench, config: method.config.parse({ orthonormalInit: true }) };
}

describe("ffa-lora with orthonormalInit", () => {
  it.each([1, 2, 4])("starts from an orthonormal basis of A's own row space (r %i)", (rank) => {
    const bench = benchOf(adapterKind("lora"), rank);
    const { server } = openFederation(bench);
    const { layout } = tierIn(bench.context.tiers, rank);
    const [drawn, first] = [bench.context.initial(rank), bench.method.adapter(server.state, rank)];
    for (const place of pairPlaces(layout)) {
      const [old, own] = [readPair(drawn, place).down, readPair(first, place).down];
      expectClose(multiplyTransposedRight(own, own).data, identity(rank).data, 1e-6);
      const both = {
        rows: 2 * rank,
        cols: old.cols,
        data: Float64Array.of(...old.data, ...own.data),
      };
      const { S } = svd(both);
      expect(S[rank] ?? 0).toBeLessThan(1e-6);
    }
  });

  it("starts rows beyond in at zero when r is larger", () => {
    const bench = benchOf(adapterKind("lora"), 5);
    const { layout } = tierIn(bench.context.tiers, 5);
    const values = bench.method.adapter(openFederation(bench).server.state, 5);
    const [, value] = pairPlaces(layout);
    const { down } = readPair(values, value!);
    expect([...down.data.subarray(16)]).toEqual([0, 0, 0, 0]);
    const gram = multiplyTransposedRight(down, down).data;
    expectClose(
      gram,
      identity(5).data.map((x, i) => (i === 24 ? 0 : x)),
      1e-6,
    );
  });

  it("keeps a product that does not start at zero", () => {
    const drawn = benchOf(adapterKind("lora"), 5);
    const initial = (): Float32Array =>
      drawn.context.initial(5).map((x, i) => x + 0.1 * Math.sin(i));
    const bench = { ...drawn, context: { ...drawn.context, initial } };
    const tier = tierIn(bench.context.tiers, 5);
    const effect = (values: Float32Array) =>
      effectiveUpdate(bench.modules, tier, { values, residuals: [] });
    const first = bench.method.adapter(openFederation(bench).server.state, 5);
    expectClose(effect(first), effect(initial()), 1e-6);
  });

  it("[AG11] [AG12] keeps that A for ever, at clients and after a restart", () => {
    const bench = benchOf(adapterKind("lora"), 2);
    const { layout } = tierIn(bench.context.tiers, 2);
    const A = (values: Float32Array) => gatherRoles(layout, values, ["down"]);
    const first = A(bench.method.adapter(openFederation(bench).server.state, 2));
    const { server, clients } = warmedUp(bench, 3);
    const bytes = bench.method.encode(server.state);
    const again = bench.method.decode(bytes, bench.config, bench.context);
    expectSameBits(A(bench.method.adapter(again, 2)), first);
    for (const client of clients) expectSameBits(A(caughtUp(bench, client, server).values), first);
  });

  it("refuses a kind whose A is a vector", () => {
    const bench = benchOf(adapterKind("vera"), 2);
    expect(() => openFederation(bench)).toThrow(
      expect.objectContaining({ code: "config-conflict" }),
    );
  });
});
