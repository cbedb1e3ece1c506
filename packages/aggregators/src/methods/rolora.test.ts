import { adapterKind, gatherRoles, selectRoles } from "@fedtune/core";
import type { FactorRole } from "@fedtune/core";
import {
  caughtUp,
  expectSameBits,
  methodBench,
  openFederation,
  playRound,
  randomRound,
  tierIn,
} from "@fedtune/testkit";
import type { PlayedRound } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { rolora } from "./rolora.ts";

const bench = methodBench(rolora, { kind: adapterKind("lora"), head: "freeze", ranks: [2] });
const { layout } = tierIn(bench.context.tiers, 2);

function rounds(count: number, absent: readonly number[] = []): PlayedRound[] {
  const played: PlayedRound[] = [];
  for (let round = 1; round <= count; round++) {
    const options = randomRound(bench, `round ${String(round)}`);
    const before = played.at(-1) ?? openFederation(bench);
    played.push(playRound(bench, before, round === 1 ? options : { ...options, absent }));
  }
  return played;
}

describe("rolora", () => {
  it("[AG11] moves B in odd rounds and A in even ones, and keeps the other bit for bit", () => {
    let before = bench.context.initial(2);
    for (const [i, { server, updates }] of rounds(4).entries()) {
      const [moves, rests]: FactorRole[] = i % 2 === 0 ? ["up", "down"] : ["down", "up"];
      const after = bench.method.adapter(server.state, 2);
      expectSameBits(gatherRoles(layout, after, [rests!]), gatherRoles(layout, before, [rests!]));
      expect(gatherRoles(layout, after, [moves!])).not.toEqual(
        gatherRoles(layout, before, [moves!]),
      );
      expect(updates.map(({ roles }) => roles)).toEqual(updates.map(() => [moves]));
      const published = server.parts.flatMap((part) => (part.kind === "factors" ? part.roles : []));
      expect(published).toEqual([moves]);
      before = after;
    }
  });

  it("[AG14] uploads half of what averaging both would, over two rounds", () => {
    const sent = rounds(2).map(({ updates }) => updates[0]!.delta.length);
    expect(sent[0]! + sent[1]!).toBe(selectRoles(layout, ["down", "up"]).size);
  });

  it("[AG17] names one part to a client that missed nothing and the newest of each factor to one that did", () => {
    const { server, clients } = rounds(5, [0]).at(-1)!;
    const named = (holds: number | null) =>
      bench.method.download(server.state, { index: 0, rank: 2, holds });
    expect(named(4)).toEqual(["round-5/rank-2"]);
    for (const holds of [3, 1, 0, null]) {
      expect(named(holds)).toEqual(["round-4/rank-2", "round-5/rank-2"]);
    }
    const late = caughtUp(bench, clients[0]!, server);
    expectSameBits(late.values, caughtUp(bench, clients[1]!, server).values);
  });
});
