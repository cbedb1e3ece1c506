/** What every federated method must do, as tests: call it from a test file. Rules AG1 to AG18 and AG27 of SPEC.md. */
import type { AdapterKind, HeadPolicy, Method } from "@fedtune/core";
import { describe, expect } from "vitest";
import type { MethodGolden } from "../golden.ts";
import { aggregationLaws } from "./aggregation-laws.ts";
import { methodBench } from "./bench.ts";
import { expectGoldenRounds } from "./golden-law.ts";
import { lawSetting } from "./law.ts";
import type { SkippedRule } from "./law.ts";
import { productLaws } from "./product-laws.ts";
import { stateLaws } from "./state-laws.ts";

/** On what a method is tried. */
export interface ConformanceOptions {
  /** Those whose product the method accepts are used. */
  readonly kinds: readonly AdapterKind[];
  readonly heads?: readonly HeadPolicy[];
  /** Rank tiers, one list per bench. */
  readonly ranks?: readonly (readonly [number, ...number[]])[];
  /** Options of the method, as a run config gives them; its defaults unless given. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Rounds computed from the paper's equations. */
  readonly golden: readonly MethodGolden[];
  /** Rules that the method does not hold; each entry says why. */
  readonly skip?: readonly SkippedRule[];
}

/**
 * Registers the tests of all laws for one method: the first accepted kind with every head policy and every list of rank
 * tiers, each other kind with the last list and one head policy, in turn.
 */
export function methodConformance(method: Method, options: ConformanceOptions): void {
  const { kinds, golden, config, skip = [] } = options;
  const { heads = ["freeze", "share", "personal"], ranks = [[2], [2, 3]] } = options;
  const accepted = kinds.filter(({ product }) => method.claims.products.includes(product));
  if (accepted.length === 0)
    throw new RangeError(`Cannot try ${method.name}: no kind with its product`);
  const title = config === undefined ? method.name : `${method.name} ${JSON.stringify(config)}`;
  describe(title, () => {
    for (const [k, kind] of accepted.entries()) {
      const someHeads = k === 0 ? heads : [heads[k % heads.length]!];
      const someRanks = k === 0 ? ranks : ranks.slice(-1);
      for (const head of someHeads) {
        for (const tiers of someRanks) {
          const bench = methodBench(method, { kind, head, ranks: tiers, config });
          const setting = lawSetting(bench, skip);
          describe(bench.label, () => {
            aggregationLaws(setting);
            productLaws(setting);
            stateLaws(setting);
          });
        }
      }
    }
    const { test } = lawSetting(
      methodBench(method, { kind: accepted[0]!, head: heads[0]!, ranks: [2] }),
      skip,
    );
    test(`[AG16] ${method.name} reproduces the golden vectors of its paper's equations`, () => {
      expect(golden, "golden files").not.toHaveLength(0);
      for (const rounds of golden) expectGoldenRounds(method, rounds);
    });
  });
}
