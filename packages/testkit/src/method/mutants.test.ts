/** The suite itself is held to account: a method with one mistake fails the law against that mistake. */
import { adapterKinds } from "@fedtune/core";
import type { Method, MethodUpdate } from "@fedtune/core";
import { expect, it } from "vitest";
import { aggregationLaws } from "./aggregation-laws.ts";
import { methodBench } from "./bench.ts";
import { lawSetting } from "./law.ts";
import { productLaws } from "./product-laws.ts";
import { stackingMethod } from "./stacking-method.ts";
import { stateLaws } from "./state-laws.ts";

type Mistake = Partial<Method>;
const right = stackingMethod as Method;

/** The titles of the laws that a method breaks, among those whose title starts with `prefix`. */
function brokenLaws(mistake: Mistake, prefix: string): string[] {
  const method = { ...right, ...mistake };
  const bench = methodBench(method, { kind: adapterKinds[0], head: "freeze", ranks: [2, 3] });
  const broken: string[] = [];
  const setting = {
    ...lawSetting(bench, []),
    test(title: string, body: () => void) {
      if (title.startsWith(prefix) && throws(body)) broken.push(title);
    },
  };
  aggregationLaws(setting);
  productLaws(setting);
  stateLaws(setting);
  return broken;
}

function throws(body: () => void): boolean {
  try {
    body();
    return false;
  } catch {
    return true;
  }
}

/** Accumulates something else than what came. */
function hearing(change: (update: MethodUpdate) => MethodUpdate): Mistake {
  return {
    accumulate: (stack, update) => {
      right.accumulate(stack, change(update));
    },
  };
}

function tiersOf(state: unknown) {
  return (state as { tiers: { rank: number; values: Float32Array }[] }).tiers;
}

const seen: MethodUpdate[] = [];

const mistakes: readonly (readonly [string, string, Mistake])[] = [
  ["AG1", "changes an update", hearing((update) => ({ ...update, delta: update.delta.fill(1) }))],
  [
    "AG1",
    "hands out its own memory",
    { adapter: (state, rank) => tiersOf(state).find((tier) => tier.rank === rank)!.values },
  ],
  [
    "AG2",
    "treats the first to come otherwise",
    hearing((update) => (seen.push(update), { ...update, weight: seen.length })),
  ],
  ["AG3", "adds to every weight", hearing((update) => ({ ...update, weight: update.weight + 1 }))],
  [
    "AG4",
    "scales what it hears",
    hearing((update) => ({ ...update, delta: update.delta.map((x) => 0.9 * x) })),
  ],
  [
    "AG6",
    "gives weight to the weightless",
    hearing((update) => ({ ...update, weight: update.weight || 1e-3 })),
  ],
  [
    "AG7",
    "aggregates nothing",
    { finish: (state, stack, rng) => right.finish(state, { ...stack, count: 1 }, rng) },
  ],
  [
    "AG8",
    "skips what does not fit",
    {
      accumulate: (stack, update) => {
        throws(() => {
          right.accumulate(stack, update);
        });
      },
    },
  ],
  [
    "AG9",
    "forgets the weights",
    hearing((update) => ({ ...update, weight: update.weight > 0 ? 1 : 0 })),
  ],
  ["AG9", "claims less than it does", { claims: { ...right.claims, exactProduct: false } }],
  [
    "AG10",
    "reads past the upload",
    hearing((update) => ({
      ...update,
      delta: new Float32Array(update.delta.buffer, 0, update.delta.length),
    })),
  ],
  ["AG11", "trains what it freezes", { claims: { ...right.claims, freezes: ["down", "head"] } }],
  [
    "AG12",
    "forgets the round",
    {
      decode: (bytes, config, context) => ({
        ...(right.decode(bytes, config, context) as object),
        round: 0,
      }),
    },
  ],
  [
    "AG13",
    "publishes in any order of roles",
    {
      finish: (...args) => {
        const result = right.finish(...args);
        return {
          ...result,
          parts: result.parts.map((part) =>
            part.kind === "factors" ? { ...part, roles: part.roles.toReversed() } : part,
          ),
        };
      },
    },
  ],
  [
    "AG14",
    "plans another codec",
    { plan: (...args) => ({ ...right.plan(...args), codec: "f32" }) },
  ],
  [
    "AG15",
    "goes backwards",
    hearing((update) => ({ ...update, delta: update.delta.map((x) => -3 * x) })),
  ],
  [
    "AG17",
    "sends the last base only",
    { download: (state, client) => right.download(state, client).slice(-2) },
  ],
  [
    "AG18",
    "serves every tier the first one's part",
    { download: (state, client) => right.download(state, { ...client, rank: 2 }) },
  ],
  [
    "AG27",
    "claims to read nothing but means, and stacks",
    { claims: { ...right.claims, meanOnly: true } },
  ],
];

it("finds nothing wrong with a method that holds every law", () => {
  expect(brokenLaws({}, "[")).toEqual([]);
});

it.each(mistakes)("the law %s fails for a method that %s", (rule, _what, mistake) => {
  expect(brokenLaws(mistake, `[${rule}]`)).toHaveLength(1);
});
