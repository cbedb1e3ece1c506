import { adapterKind, factorView, gatherRoles, rngFromSeed } from "@fedtune/core";
import type { Method, MethodUpdate } from "@fedtune/core";
import {
  expectSameBits,
  methodBench,
  openFederation,
  playRound,
  randomRound,
  tierIn,
} from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { meanOfRoles } from "./mean-of-roles.ts";
import { methodByName } from "./registry.ts";

const setting = { kind: adapterKind("lora"), head: "share", ranks: [2, 3] } as const;
const method: Method = {
  ...methodByName("fedavg"),
  ...meanOfRoles({ share: ["up"], keep: ["down"] }),
};
const bench = methodBench(method, setting);

function headsAfter(updates: readonly MethodUpdate[]): number[][] {
  const { server } = openFederation(bench);
  const facts = { round: 1, sampled: 9, accepted: updates.length, totalWeight: 1 };
  const sums = method.begin(server.state, facts, { index: 0, previous: null });
  for (const update of updates) method.accumulate(sums, update);
  const { state } = method.finish(server.state, sums, rngFromSeed(1));
  return bench.context.tiers.map(({ rank, layout }) => {
    const bias = layout.factors.find(({ name }) => name === "classifier.bias")!;
    return [...factorView(method.adapter(state, rank), bias)];
  });
}

describe("meanOfRoles", () => {
  it("averages the head over all tiers, also when no client of a tier took part", () => {
    const { updates } = playRound(bench, openFederation(bench), randomRound(bench, "heads"));
    // The bias starts at zero and lies at the end of every upload.
    const total = updates.reduce((sum, { weight }) => sum + weight, 0);
    const mean = [-2, -1].map((at) =>
      updates.reduce((sum, { weight, delta }) => sum + (weight / total) * delta.at(at)!, 0),
    );
    for (const head of headsAfter(updates)) {
      head.forEach((value, i) => {
        expect(value).toBeCloseTo(mean[i]!, 6);
      });
    }
    const [first, second] = headsAfter(updates.slice(0, 1));
    expect(second).toEqual(first);
    expect(first).toEqual([...updates[0]!.delta.slice(-2)]);
  });

  it("leaves a tier of which no client took part as it was, but for the head", () => {
    const { server, clients } = openFederation(bench);
    const absent = clients.filter(({ rank }) => rank === 3).map(({ index }) => index);
    const options = { ...randomRound(bench, "one tier"), absent };
    const closed = playRound(bench, { server, clients }, options).server;
    const { layout } = tierIn(bench.context.tiers, 3);
    const own = (values: Float32Array) => gatherRoles(layout, values, ["down", "up"]);
    expectSameBits(own(method.adapter(closed.state, 3)), own(bench.context.initial(3)));
  });

  it("[AG8] refuses roles that its plan does not upload", () => {
    const { updates } = playRound(bench, openFederation(bench), randomRound(bench, "roles"));
    const wrong = { ...updates[0]!, roles: ["down", "head"] as const };
    expect(() => headsAfter([wrong])).toThrow(expect.objectContaining({ code: "shape-mismatch" }));
  });

  it("refuses a state of other ranks", () => {
    const other = methodBench(method, { ...setting, ranks: [2, 4] });
    const bytes = method.encode(method.init({}, other.context, rngFromSeed(1)));
    expect(() => method.decode(bytes, {}, bench.context)).toThrow(
      expect.objectContaining({ code: "layout-mismatch" }),
    );
  });

  it("refuses a state of another layout", () => {
    const other = methodBench(method, { ...setting, head: "freeze" });
    const bytes = method.encode(method.init({}, other.context, rngFromSeed(1)));
    expect(() => method.decode(bytes, {}, bench.context)).toThrow(
      expect.objectContaining({ code: "shape-mismatch" }),
    );
  });

  it("refuses bytes of another method's state", () => {
    const bytes = new TextEncoder().encode("{}");
    expect(() => method.decode(bytes, {}, bench.context)).toThrow(
      expect.objectContaining({ code: "codec-invalid" }),
    );
  });
});
