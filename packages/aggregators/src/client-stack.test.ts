import { isFedtuneError } from "@fedtune/core";
import type { Method, MethodUpdate } from "@fedtune/core";
import { openFederation, playRound, randomRound } from "@fedtune/testkit";
import { describe, expect, it } from "vitest";
import { fedexLora } from "./methods/fedex-lora.ts";
import { flexlora } from "./methods/flexlora.ts";
import { flora } from "./methods/flora.ts";
import { benchOf, closedWith } from "./test-support/cohort.ts";

const stacking: readonly (readonly [string, Method])[] = [
  ["fedex-lora", fedexLora],
  ["flexlora", flexlora],
  ["flora", flora],
];

/** Copies of three clients' updates, as many as asked for. */
function roundWith(
  method: Method,
  options: { readonly maxTotalRank: number; readonly clients: number },
) {
  const { maxTotalRank, clients } = options;
  const bench = benchOf(method, { config: { maxTotalRank } });
  const { server } = openFederation(bench);
  const { updates } = playRound(bench, openFederation(bench), randomRound(bench, "round"));
  const many = Array.from({ length: clients }, (_, index): MethodUpdate => ({
    ...updates[index % 3]!,
    index,
  }));
  return { bench, server, many };
}

describe.each(stacking)("%s", (_name, method) => {
  it("[AG25] takes ranks up to maxTotalRank, those without weight not counted", () => {
    const { bench, server, many } = roundWith(method, { maxTotalRank: 8, clients: 4 });
    const idle = { ...many[0]!, index: 9, weight: 0 };
    expect(() => closedWith(bench, server, [...many, idle])).not.toThrow();
  });

  it("refuses more, before it reads the update that is too many", () => {
    const { bench, server, many } = roundWith(method, { maxTotalRank: 7, clients: 3 });
    const unread = new Proxy(many[0]!, {
      get: (update, name) => {
        if (name === "delta") throw new Error("read");
        return Reflect.get(update, name) as unknown;
      },
    });
    let thrown: unknown = null;
    try {
      closedWith(bench, server, [...many, unread]);
    } catch (error) {
      thrown = error;
    }
    expect(isFedtuneError(thrown, "update-too-large"), String(thrown)).toBe(true);
    expect(thrown).toMatchObject({ data: { round: 1, totalRank: 8, maxTotalRank: 7 } });
  });
});
