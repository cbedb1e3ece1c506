/** The law that a method computes what its paper says. */
import { factorRoles, gatherRoles, layoutOf } from "@fedtune/core";
import type { FactoredResidual, Method, MethodUpdate } from "@fedtune/core";
import { expect } from "vitest";
import { expectClose } from "../compare.ts";
import type { MethodGolden } from "../golden.ts";
import type { MethodSetup } from "./bench.ts";
import { sentOf } from "./client.ts";
import { closeRound, openServer } from "./server.ts";

/** Replays a golden file's rounds: the global adapter and the base must follow within the file's tolerance. */
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
  const residuals: FactoredResidual[] = [];
  for (const { clients, adapter, base } of golden.rounds) {
    const start = method.clientAdapter?.(server.state, rank) ?? method.adapter(server.state, rank);
    const updates = clients.map(({ index, weight, trained }): MethodUpdate => {
      const plan = method.plan(server.state, server.round + 1, {
        index,
        rank,
        holds: server.round,
      });
      const delta = Float32Array.from(trained, (value, i) => (value ?? Number.NaN) - start[i]!);
      const sent = sentOf(layout, plan, gatherRoles(layout, delta, plan.upload));
      return { index, rank, weight, roles: plan.upload, ...sent };
    });
    const closed = closeRound(setup, server, updates);
    server = closed;
    for (const part of closed.parts) if (part.kind === "residual") residuals.push(...part.modules);
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
    for (const [module, change] of Object.entries(base ?? {})) {
      expectClose(baseChange(module, residuals, change.length), change, golden.tolerance);
    }
  }
}

/** The sum of a module's residuals as a full matrix, row-major. */
function baseChange(
  module: string,
  residuals: readonly FactoredResidual[],
  size: number,
): Float64Array {
  const change = new Float64Array(size);
  for (const { rank, left, right } of residuals.filter((part) => part.module === module)) {
    const width = right.length / rank;
    for (let i = 0; i < size; i++) {
      const row = Math.floor(i / width);
      for (let k = 0; k < rank; k++) {
        change[i]! += left[row * rank + k]! * right[k * width + (i % width)]!;
      }
    }
  }
  return change;
}
