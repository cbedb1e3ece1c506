import { plainText } from "@fedtune/figures";
import { expect, it } from "vitest";
import { sampleResult } from "../test-support/sample.ts";
import { summarize } from "../summary/summarize.ts";
import { finalFigure } from "./final.ts";

/** Two of three seeds that learned nothing, so that the interval reaches below nought. */
const [clean, scores] = [sampleResult({ methods: 1 }), [0.9, 0.1, 0.1]];
const split = {
  ...clean,
  cells: clean.cells.map((cell, index) => ({
    ...cell,
    rows: cell.rows.map((row) => ({
      ...row,
      evaluation: { accuracy: scores[index % scores.length] ?? 0 },
    })),
  })),
};

it("draws no share below 0 or above 100 per cent, and says the whole interval in words", () => {
  const figure = finalFigure(summarize([{ label: "split", result: split }]));
  const axis = figure!
    .draw(760)
    .shapes.flatMap((shape) =>
      shape.type === "text" && shape.anchor === "middle"
        ? [plainText(shape.text).replace(/\s/, " ")]
        : [],
    );
  expect(figure!.foot).toContain("Lines end at 0 and 100 %");
  expect(axis).toEqual(["0", "20", "40", "60", "80", "100 %"]);
  expect(figure!.description).toMatch(/36\.7\s±\s\d{3}\.\d\s%/);
});
