/** The law that a method computes what its paper says. */
import { factorRoles, gatherRoles, layoutOf } from "@fedtune/core";
import type { Method, MethodUpdate } from "@fedtune/core";
import { expect } from "vitest";
import { expectClose } from "../compare.ts";
import type { MethodGolden } from "../golden.ts";
import type { MethodSetup } from "./bench.ts";
import { closeRound, openServer } from "./server.ts";

/** Replays a golden file's rounds: the global adapter must follow within the file's tolerance. */
export function expectGoldenRounds(method: Method, golden: MethodGolden): void {
  const layout = layoutOf(golden.factors);
  const { rank, scaling, head } = golden;
  const setup: MethodSetup = {
    method,
    config: method.config.parse(golden.config),
    context: {
      tiers: [{ rank, layout, scaling }],
      initial: () => Float32Array.from(golden.initial),
      head,
      uploadCodec: "f32",
    },
  };
  let server = openServer(setup);
  for (const { clients, adapter } of golden.rounds) {
    const start = method.adapter(server.state, rank);
    const updates = clients.map(({ index, weight, trained }): MethodUpdate => {
      const { upload } = method.plan(server.state, server.round + 1, {
        index,
        rank,
        holds: server.round,
      });
      const delta = Float32Array.from(trained, (value, i) => (value ?? Number.NaN) - start[i]!);
      return { index, rank, weight, roles: upload, delta: gatherRoles(layout, delta, upload) };
    });
    server = closeRound(setup, server, updates);
    const reached = gatherRoles(layout, method.adapter(server.state, rank), factorRoles);
    const known = adapter.flatMap((value, i) =>
      value === null ? [] : [{ value, reached: reached[i]! }],
    );
    expect(known).not.toHaveLength(0);
    expectClose(
      known.map((entry) => entry.reached),
      known.map(({ value }) => value),
      golden.tolerance,
    );
  }
}
