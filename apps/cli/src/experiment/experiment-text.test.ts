import { expect, it } from "vitest";
import { experimentText } from "./experiment-text.ts";

const value = (mean: number, halfWidth: number | null) => ({ mean, halfWidth });

it("an experiment's table has a line for each group of seeds, with its interval where there is one", () => {
  const groups = [
    { compared: "fedavg", completed: 3, failed: 0, value: value(0.8125, 0.0149) },
    { compared: "ffa-lora", completed: 1, failed: 2, value: value(0.5, null) },
    { compared: "fedsvd", completed: 0, failed: 3, value: null },
  ];
  const panels = [{ settings: { "adapter.rank": "2" }, groups }];
  const text = experimentText({
    ...{ panels, question: { metric: "accuracy" }, compared: "method.name" },
  });
  expect(text.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
    ["adapter.rank", "method.name", "accuracy, mean ± 95 %", "seeds", "failed"],
    ["2", "fedavg", "81.3 ± 1.5 %", "3"],
    ["2", "ffa-lora", "50.0 %", "1", "2"],
    ["2", "fedsvd", "0", "3"],
  ]);
});

it("a metric that is no share is shown as it is", () => {
  const groups = [{ compared: "", completed: 2, failed: 0, value: value(2.34567, 0.012345) }];
  const panels = [{ settings: {}, groups }];
  const text = experimentText({ panels, question: { metric: "loss" }, compared: "" });
  expect(text).toBe("loss, mean ± 95 %  seeds  failed\n2.346 ± 0.01235    2");
});
