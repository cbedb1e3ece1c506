import { rngFromSeed } from "@fedtune/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describePartition } from "./describe.ts";
import { partition } from "./partition.ts";
import { partitionSchemes } from "./registry.ts";
import {
  balanced,
  deal,
  dirichletVariance,
  labelShares,
  meanOf,
  parse,
  varianceOf,
} from "../test-support/dealing.ts";

const names = partitionSchemes.map(({ name }) => name);
/** Schemes that deal to as many clients as one asks for. */
const numbered = partitionSchemes
  .filter(({ namesClients }) => !namesClients)
  .map(({ name }) => name);
/** Options with which a scheme deals any data of the tests to up to 12 clients. */
const fitting = (scheme: string) => ({
  scheme,
  ...(scheme === "label-groups" ? { labelsPerClient: 1 } : {}),
});

const cases = fc.record({
  labels: fc.array(fc.nat(6), { minLength: 60, maxLength: 200 }),
  clients: fc.integer({ min: 1, max: 12 }),
  scheme: fc.constantFrom(...numbered.filter((name) => name !== "label-groups"), "by-column"),
  seed: fc.nat(),
  least: fc.integer({ min: 0, max: 4 }),
});

describe("every scheme", () => {
  it("[DA4] deals every row once, and the same from the same seed", () => {
    fc.assert(
      fc.property(cases, ({ labels, clients, scheme, seed, least }) => {
        const column = scheme === "by-column";
        const config = { scheme, minExamplesPerClient: column ? 1 : least };
        const dealt = deal(labels, config, { clients: column ? null : clients, seed });
        const all = dealt.clients.flat().sort((a, b) => a - b);
        expect(all).toEqual(labels.map((_, row) => row));
        expect(deal(labels, config, { clients: column ? null : clients, seed })).toEqual(dealt);
        if (!column) expect(dealt.clients).toHaveLength(clients);
        expect(new Set(dealt.names).size).toBe(dealt.clients.length);
      }),
    );
  });

  it.each(numbered)("[DA4] %s depends on the seed", (scheme) => {
    const [one, other] = [1, 2].map((seed) =>
      deal(balanced(3, 40), fitting(scheme), { clients: 4, seed }),
    );
    expect(one!.clients).not.toEqual(other!.clients);
  });

  it.each(numbered)("[SI6] %s leaves no client short", (scheme) => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 8 }), (seed, least) => {
        const config = { ...fitting(scheme), minExamplesPerClient: least };
        const { clients } = deal(balanced(2, 40), config, { clients: 10, seed });
        expect(Math.min(...clients.map((rows) => rows.length))).toBeGreaterThanOrEqual(least);
      }),
      { numRuns: 30 },
    );
  });

  it("[SI6] a minimum that cannot be had is refused", () => {
    const config = { scheme: "iid", minExamplesPerClient: 5 };
    expect(() => deal(balanced(2, 9), config, { clients: 4 })).toThrow(
      /2 of 4 have fewer .*18 rows in all.*clients of at most 3.*minExamplesPerClient of at most 4/,
    );
    const named = { scheme: "by-column", minExamplesPerClient: 50 };
    expect(() => deal(balanced(2, 40), named, { clients: null })).toThrow(
      /5 of 5 have fewer \(client 0: 16, .*minExamplesPerClient of at most 16/,
    );
    expect(() => deal([], { scheme: "iid" }, { clients: 2 })).toThrow("empty");
    expect(() => deal([1, 0], { scheme: "iid" }, { clients: null })).toThrow("number of clients");
  });

  it("[SI8] has a unique name, a summary and a strict schema whose defaults suffice", () => {
    expect(new Set(names).size).toBe(names.length);
    for (const { name, summary } of partitionSchemes) {
      expect(summary).not.toBe("");
      expect(parse({ scheme: name })).toMatchObject({ scheme: name, minExamplesPerClient: 1 });
      expect(() => parse({ scheme: name, alhpa: 1 })).toThrow("alhpa");
    }
    expect(parse(undefined).scheme).toBe("iid");
  });

  it("[CF1] names the nearest option for an unknown one", () => {
    expect(() => parse({ scheme: "dirichlet-by-class", alpah: 1 })).toThrow(
      'did you mean "alpha"?',
    );
  });
});

describe("iid and quantity-skew", () => {
  it("[SI1] iid: sizes differ by at most one, labels are alike", () => {
    const labels = balanced(4, 1001);
    const dealt = deal(labels, { scheme: "iid" }, { clients: 10 });
    const sizes = dealt.clients.map((rows) => rows.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    for (const share of labelShares(dealt, labels, 4).flat()) expect(share).toBeCloseTo(0.25, 0);
  });

  it("[SI1] a power law with exponent 1 gives sizes in the ratio 1 : 1/2 : 1/3 : 1/4", () => {
    const config = { scheme: "quantity-skew", law: { name: "power", exponent: 1 } };
    const { clients } = deal(balanced(2, 600), config, { clients: 4 });
    expect(clients.map((rows) => rows.length)).toEqual([576, 288, 192, 144]);
  });

  it("[SI1] Dirichlet sizes have the distribution's variance, and labels stay alike", () => {
    const labels = balanced(2, 10_000);
    const config = { scheme: "quantity-skew", law: { name: "dirichlet", alpha: 2 } };
    const dealt = deal(labels, config, { clients: 400 });
    const shares = dealt.clients.map((rows) => (rows.length / labels.length) * 400);
    const expected = dirichletVariance(2, 400) * 400 ** 2;
    expect(Math.abs(varianceOf(shares) / expected - 1)).toBeLessThan(0.4);
    const large = labelShares(dealt, labels, 2).filter((_, k) => dealt.clients[k]!.length > 60);
    for (const [share = 0] of large) expect(Math.abs(share - 0.5)).toBeLessThan(0.3);
  });
});

describe("the two Dirichlet schemes", () => {
  it("[SI2] by class: a class's shares over clients have Dirichlet mean and variance", () => {
    const [classes, each, clients, alpha] = [800, 60, 5, 0.5];
    const labels = balanced(classes, each);
    const dealt = deal(labels, { scheme: "dirichlet-by-class", alpha }, { clients });
    const { clients: counted } = describePartition(dealt, labels, classes);
    const expected = dirichletVariance(alpha, clients);
    for (const { perLabel } of counted) {
      const shares = perLabel.map((n) => n / each);
      expect(Math.abs(meanOf(shares) - 1 / clients)).toBeLessThan(
        4.5 * Math.sqrt(expected / classes),
      );
      expect(Math.abs(varianceOf(shares) / expected - 1)).toBeLessThan(0.25);
    }
  });

  it("[SI2] by class: with few classes the sizes are skewed too", () => {
    const { clients } = deal(
      balanced(2, 3000),
      { scheme: "dirichlet-by-class", alpha: 0.5 },
      { clients: 6 },
    );
    const sizes = clients.map((rows) => rows.length);
    expect(Math.max(...sizes) / Math.min(...sizes)).toBeGreaterThan(2);
  });

  it("[SI3] by client: a client's label shares have Dirichlet mean and variance", () => {
    const [classes, clients, alpha] = [5, 500, 0.5];
    const labels = balanced(classes, 20_000);
    const config = { scheme: "dirichlet-by-client", alpha };
    const dealt = deal(labels, config, { clients });
    const shares = labelShares(dealt, labels, classes);
    const expected = dirichletVariance(alpha, classes);
    for (let label = 0; label < classes; label++) {
      const column = shares.map((share) => share[label]!);
      expect(Math.abs(meanOf(column) - 1 / classes)).toBeLessThan(0.05);
      expect(Math.abs(varianceOf(column) / expected - 1)).toBeLessThan(0.25);
    }
  });

  it("[SI3] by client: sizes stay close, unlike by class", () => {
    const labels = balanced(5, 4000);
    const spread = (scheme: string) => {
      const { clients } = deal(labels, { scheme, alpha: 0.5 }, { clients: 100 });
      const sizes = clients.map((rows) => rows.length);
      return Math.sqrt(varianceOf(sizes)) / meanOf(sizes);
    };
    expect(spread("dirichlet-by-client")).toBeLessThan(0.3);
    expect(spread("dirichlet-by-class")).toBeGreaterThan(0.45);
  });

  it.each(["dirichlet-by-class", "dirichlet-by-client"])(
    "[SI2] [SI3] %s: a large alpha is nearly iid",
    (scheme) => {
      const labels = balanced(4, 2000);
      const dealt = deal(labels, { scheme, alpha: 1e5 }, { clients: 5 });
      for (const share of labelShares(dealt, labels, 4).flat()) expect(share).toBeCloseTo(0.25, 2);
    },
  );
});

describe("label-shards", () => {
  it("[SI4] two shards a client: equal sizes, at most two labels when shards fit the labels", () => {
    const labels = balanced(10, 60);
    const dealt = deal(labels, { scheme: "label-shards" }, { clients: 10 });
    for (const { rows, perLabel } of describePartition(dealt, labels, 10).clients) {
      expect(rows).toBe(60);
      expect(perLabel.filter((n) => n > 0).length).toBeLessThanOrEqual(2);
    }
  });

  it("[SI4] more shards than rows are refused", () => {
    const config = { scheme: "label-shards", shardsPerClient: 50 };
    expect(() => deal(balanced(2, 10), config, { clients: 3 })).toThrow(
      "wanted at least one row per shard",
    );
  });
});

describe("by-column", () => {
  const config = parse({ scheme: "by-column", column: "role" });
  const rng = rngFromSeed(1);

  it("[SI5] makes a client of every value: numbers by value, then names by code units", () => {
    const role = ["b", "10", "9", "a", "B", "10"];
    const dealt = partition(
      { labels: [0, 0, 0, 0, 0, 0], columns: { role } },
      { config, clients: null, rng },
    );
    expect(dealt.names).toEqual(["9", "10", "B", "a", "b"]);
    expect(dealt.clients).toEqual([[2], [1, 5], [4], [3], [0]]);
  });

  it("[SI5] a column that is not there, and another number of clients, are refused", () => {
    const input = { labels: [0, 1], columns: { client: ["x", "y"] } };
    expect(() => partition(input, { config, clients: null, rng })).toThrow("the data has client");
    const client = parse({ scheme: "by-column" });
    expect(() => partition(input, { config: client, clients: 3, rng })).toThrow(
      "makes 2 of this data",
    );
    expect(partition(input, { config: client, clients: 2, rng }).names).toEqual(["x", "y"]);
  });
});

describe("a description", () => {
  it("[SI7] adds up over labels and clients", () => {
    fc.assert(
      fc.property(cases, ({ labels, clients, seed }) => {
        const dealt = deal(labels, { scheme: "dirichlet-by-class" }, { clients, seed });
        const described = describePartition(dealt, labels, 7);
        expect(described.rows).toBe(labels.length);
        for (let label = 0; label < 7; label++) {
          const sum = described.clients.reduce(
            (total, { perLabel }) => total + perLabel[label]!,
            0,
          );
          expect(sum).toBe(labels.filter((candidate) => candidate === label).length);
        }
        for (const { rows, perLabel } of described.clients) {
          expect(perLabel.reduce((a, b) => a + b, 0)).toBe(rows);
        }
      }),
    );
  });

  it("[SI7] refuses labels outside of the run's list", () => {
    const dealt = deal([0, 1, 2], { scheme: "iid" }, { clients: 1 });
    expect(() => describePartition(dealt, [0, 1, 2], 2)).toThrow(RangeError);
  });
});
