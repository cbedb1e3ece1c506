/** Schemes by labels and domains, mixtures with a share that is dealt at random, and a published partition. */
import { rngFromSeed } from "@fedtune/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describePartition } from "./describe.ts";
import { partition } from "./partition.ts";
import type { Partition } from "./partition.ts";
import {
  balanced,
  deal,
  dirichletVariance,
  labelShares,
  meanOf,
  parse,
  varianceOf,
} from "../test-support/dealing.ts";

describe("label-groups", () => {
  const labelsOf = (dealt: Partition, labels: readonly number[], count: number) =>
    describePartition(dealt, labels, count).clients.map(({ perLabel }) =>
      perLabel.flatMap((n, label) => (n > 0 ? [label] : [])),
    );

  it("gives every label to one client alone, all of it", () => {
    const labels = balanced(77, 20);
    const groups = labelsOf(deal(labels, { scheme: "label-groups" }, { clients: 11 }), labels, 77);
    expect(groups.map(({ length }) => length)).toEqual(Array<number>(11).fill(7));
    expect(groups.flat().sort((a, b) => a - b)).toEqual(labels.slice(0, 77));
  });

  it("listed: neighbours go together", () => {
    const labels = balanced(15, 4);
    const config = { scheme: "label-groups", order: "listed" };
    const groups = labelsOf(deal(labels, config, { clients: 3 }), labels, 15);
    expect(groups[1]).toEqual([5, 6, 7, 8, 9]);
  });

  it("two labels a client: exactly two, and a label's clients share it equally", () => {
    const labels = balanced(10, 100);
    const dealt = deal(
      labels,
      { scheme: "label-groups", labelsPerClient: 2 },
      { clients: 20, seed: 3 },
    );
    const groups = labelsOf(dealt, labels, 10);
    expect(groups.map(({ length }) => length)).toEqual(Array<number>(20).fill(2));
    for (const { perLabel } of describePartition(dealt, labels, 10).clients)
      expect(perLabel.filter((n) => n > 0)).toEqual([25, 25]);
  });

  it.each([
    [4, null],
    [1, 2],
    [3, 4],
  ])("%s clients with %s labels each of three are refused", (clients, labelsPerClient) => {
    const config = { scheme: "label-groups", labelsPerClient };
    expect(() => deal(balanced(3, 9), config, { clients })).toThrow(/Cannot deal 3 labels/);
  });
});

describe("label-table", () => {
  it("null: the proportions of FFA-LoRA's three clients, for two labels and for three", () => {
    const two = deal(balanced(2, 600), { scheme: "label-table" }, { clients: null });
    expect(labelShares(two, balanced(2, 600), 2)).toEqual([
      [0.1, 0.9],
      [0.9, 0.1],
      [0.5, 0.5],
    ]);
    const three = deal(balanced(3, 600), { scheme: "label-table" }, { clients: 3 });
    expect(labelShares(three, balanced(3, 600), 3)).toEqual([
      [0.9, 0.05, 0.05],
      [0.05, 0.9, 0.05],
      [0.05, 0.05, 0.9],
    ]);
  });

  it.each([
    [4, null, "one number for each of the 4 labels"],
    [2, [[1], [1]], "one number for each of the 2 labels"],
    [
      2,
      [
        [1, 0],
        [1, 0],
      ],
      "somebody must want label number 2",
    ],
  ])("%s labels with the table %j are refused", (classes, table, wanted) => {
    const config = { scheme: "label-table", table };
    expect(() => deal(balanced(classes, 9), config, { clients: null })).toThrow(wanted);
  });
});

describe("column-dirichlet", () => {
  it("keeps every domain to clients of its own, with a Dirichlet vector for each class", () => {
    const labels = balanced(40, 200);
    const client = labels.map((_, row) => `d${String(row % 3)}`);
    const dealt = partition(
      { labels, columns: { client } },
      {
        config: parse({ scheme: "column-dirichlet", column: "client", alpha: 0.5 }),
        clients: null,
        rng: rngFromSeed(1),
      },
    );
    expect(dealt.names).toEqual(
      ["d0", "d1", "d2"].flatMap((d) => [1, 2, 3, 4, 5].map((k) => `${d}-${String(k)}`)),
    );
    dealt.clients.forEach((rows, k) => {
      for (const row of rows) expect(client[row]).toBe(dealt.names[k]!.slice(0, 2));
    });
    const { clients } = describePartition(dealt, labels, 40);
    const each = 200 / 3;
    const shares = clients.flatMap(({ perLabel }) => perLabel.map((n) => n / each));
    expect(Math.abs(varianceOf(shares) / dirichletVariance(0.5, 5) - 1)).toBeLessThan(0.25);
  });
});

describe("an IID share", () => {
  it("mixes that share of the rows into every client's part", () => {
    const labels = balanced(10, 400);
    const config = { scheme: "label-groups", iidShare: 0.25 };
    const dealt = deal(labels, config, { clients: 10 });
    for (const share of labelShares(dealt, labels, 10)) {
      const [own = 0, ...others] = share.toSorted((a, b) => b - a);
      expect(Math.abs(own - 0.775)).toBeLessThan(0.06);
      expect(Math.abs(meanOf(others) - 0.025)).toBeLessThan(0.01);
    }
  });

  it("deals every row once, whatever the scheme", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(6), { minLength: 60, maxLength: 200 }),
        fc.constantFrom("iid", "dirichlet-by-class", "dirichlet-by-client", "quantity-skew"),
        fc.double({ min: 0, max: 0.99, noNaN: true }),
        (labels, scheme, iidShare) => {
          const { clients } = deal(labels, { scheme, iidShare }, { clients: 5 });
          expect(clients.flat().sort((a, b) => a - b)).toEqual(labels.map((_, row) => row));
        },
      ),
    );
  });

  it("is refused where a column says whose rows they are", () => {
    const config = { scheme: "by-column", iidShare: 0.5 };
    expect(() => deal(balanced(2, 40), config, { clients: null })).toThrow("iidShare");
  });
});

/**
 * Negative and positive rows of SST-2 at FedSVD's six clients, the published partition (github sw-programmer/FedSVD at
 * 480898d, `data/sst2/Questions/`).
 */
const publishedCounts = [
  [1301, 13511],
  [2738, 4848],
  [7636, 9533],
  [13160, 4077],
  [174, 5554],
  [4768, 43],
] as const;

describe("FedSVD's published split of SST-2", () => {
  // A twentieth of the rows: shares do not depend on how many there are.
  const labels = [0, 1].flatMap((label) => {
    const rows = publishedCounts.reduce((sum, counts) => sum + counts[label]!, 0);
    return Array<number>(Math.round(rows / 20)).fill(label);
  });
  /** Deviation relative to the mean: of the clients' parts of each label, and of their sizes. */
  const spreads = (counts: readonly (readonly number[])[]) =>
    [
      counts.map(([negative = 0]) => negative),
      counts.map(([, positive = 0]) => positive),
      counts.map(([negative = 0, positive = 0]) => negative + positive),
    ].map((values) => Math.sqrt(varianceOf(values)) / meanOf(values));

  it("[SI2] lies among the draws of dirichlet-by-class at alpha 0.5, in labels and in sizes", () => {
    const drawn = Array.from({ length: 200 }, (_, seed) => {
      const config = { scheme: "dirichlet-by-class", alpha: 0.5 };
      const dealt = deal(labels, config, { clients: 6, seed });
      return spreads(describePartition(dealt, labels, 2).clients.map(({ perLabel }) => perLabel));
    });
    spreads(publishedCounts).forEach((published, which) => {
      const below = meanOf(drawn.map((one) => Number(one[which]! < published)));
      expect(below).toBeGreaterThan(0.01);
      expect(below).toBeLessThan(0.99);
    });
  });
});
