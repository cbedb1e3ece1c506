import { describe, expect, it } from "vitest";
import {
  differenceText,
  meanText,
  metricKind,
  metricName,
  metricUnit,
  probabilityText,
  roundsText,
} from "./words.ts";

const mean = (value: number, halfWidth: number | null) => ({
  ...{ mean: value, n: halfWidth === null ? 1 : 3, halfWidth },
  deviation: halfWidth,
});
const plain = (text: string): string => text.replaceAll("\u202F", " ");

describe("words", () => {
  it("name metrics and what they count", () => {
    expect(["accuracy", "macroF1", "accuracyWorst", "loss"].map(metricName)).toEqual([
      ...["Accuracy", "Macro F1", "Accuracy worst", "Loss"],
    ]);
    expect(["accuracy", "macroF1", "loss", "perplexity"].map(metricKind)).toEqual([
      ...["fraction", "fraction", "loss", "number"],
    ]);
    expect(["accuracy", "loss", "perplexity"].map(metricUnit)).toEqual(["per cent", "nats", ""]);
  });

  it("write means with their intervals, one value without", () => {
    expect(plain(meanText("fraction", mean(0.8443, 0.0152)))).toBe("84.4 ± 1.5 %");
    expect(plain(meanText("fraction", mean(0.8443, null)))).toBe("84.4 %");
    expect(meanText("loss", mean(0.6123, 0.0234))).toBe("0.612 ± 0.023");
    expect(meanText("number", mean(1234.5, 67))).toBe("1,235 ± 67");
    expect(meanText("loss", null)).toBe("–");
    expect(roundsText(mean(31.6667, 3))).toBe("31.7");
  });

  it("write differences with their sign", () => {
    expect(plain(differenceText("fraction", mean(0.012, 0.008)))).toBe("+1.2 ± 0.8 points");
    expect(plain(differenceText("fraction", mean(-0.012, null)))).toBe("−1.2 points");
    expect(differenceText("loss", mean(-0.2, 0.11))).toBe("−0.20 ± 0.11");
  });

  it("write probabilities so that none looks like 0 or like its limit", () => {
    expect(
      [0, 0.00001, 0.0042, 0.0496, 0.0504, 0.123, 0.999, 1, null].map(probabilityText),
    ).toEqual([
      ...["below 0.0001", "below 0.0001", "0.0042", "0.0496", "0.0504", "0.12", "1", "1", "–"],
    ]);
  });
});
