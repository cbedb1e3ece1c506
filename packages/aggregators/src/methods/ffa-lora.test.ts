import { adapterKind, gatherRoles, selectRoles } from "@fedtune/core";
import {
  caughtUp,
  expectSameBits,
  methodBench,
  openFederation,
  playRound,
  randomRound,
  tierIn,
} from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { fedavg } from "./fedavg.ts";
import { ffaLora } from "./ffa-lora.ts";

const setting = { kind: adapterKind("lora"), head: "freeze", ranks: [2] } as const;
const bench = methodBench(ffaLora, setting);
const { layout } = tierIn(bench.context.tiers, 2);

describe("ffa-lora", () => {
  it("[AG11] keeps A at the run's first values on the server and at every client, bit for bit", () => {
    const first = gatherRoles(layout, bench.context.initial(2), ["down"]);
    let played = playRound(bench, openFederation(bench), randomRound(bench, "1"));
    for (const seed of ["2", "3"]) played = playRound(bench, played, randomRound(bench, seed));
    const held = played.clients.map((client) => caughtUp(bench, client, played.server).values);
    for (const values of [bench.method.adapter(played.server.state, 2), ...held]) {
      expectSameBits(gatherRoles(layout, values, ["down"]), first);
    }
  });

  it("[AG14] uploads B alone, where fedavg uploads A and B", () => {
    const sizes = [ffaLora, fedavg].map((method) => {
      const own = methodBench(method, setting);
      const { updates } = playRound(own, openFederation(own), randomRound(own, "bytes"));
      return updates[0]!.delta.length;
    });
    const expected = [["up"] as const, ["down", "up"] as const];
    expect(sizes).toEqual(expected.map((roles) => selectRoles(layout, roles).size));
  });
});
