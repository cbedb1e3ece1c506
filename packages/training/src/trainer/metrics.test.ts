import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { classificationMetrics, confusion, confusionMetrics } from "./metrics.ts";

interface Case {
  readonly name: string;
  readonly labels: number;
  readonly truth: number[];
  readonly predicted: number[];
  readonly accuracy: number;
  readonly macro_f1_seen_labels: number;
  readonly matthews: number;
}

const file = new URL("../../../core/golden/metrics.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(file, "utf8")) as { readonly cases: readonly Case[] };

describe("metrics", () => {
  test.each(cases)("[TN11] $name agrees with scikit-learn", (golden) => {
    const table = confusion(
      Int32Array.from(golden.truth),
      Int32Array.from(golden.predicted),
      golden.labels,
    );
    const found = confusionMetrics(table);
    expect(found.accuracy).toBeCloseTo(golden.accuracy, 12);
    expect(found.macroF1).toBeCloseTo(golden.macro_f1_seen_labels, 12);
    expect(found.matthews).toBeCloseTo(golden.matthews, 12);
  });

  test("[TN11] the loss is the mean cross-entropy", () => {
    const logits = Float32Array.from([1, 2, 1000, 0]);
    const found = classificationMetrics({ logits, labels: Int32Array.from([0, 0]), classes: 2 });
    expect(found["loss"]).toBeCloseTo(Math.log(1 + Math.exp(1)) / 2, 6);
    expect(found).toMatchObject({ accuracy: 0.5, examples: 2 });
  });
});
