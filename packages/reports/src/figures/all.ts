/** Every figure of a report, in the order of the page. */
import type { Summary } from "../summary/summarize.ts";
import { errorFigure, metricFigure } from "./curves.ts";
import type { ReportFigure } from "./figure.ts";
import { finalFigure } from "./final.ts";
import { partitionFigure } from "./partition.ts";

/** The figures that an experiment has values for. */
export function figuresOf(summary: Summary): ReportFigure[] {
  const figures = [
    finalFigure(summary),
    metricFigure(summary, "rounds"),
    metricFigure(summary, "bytes"),
    summary.isPrivate ? metricFigure(summary, "epsilon") : null,
    summary.isTimed ? metricFigure(summary, "seconds") : null,
    errorFigure(summary),
    partitionFigure(summary),
  ];
  return figures.filter((figure) => figure !== null);
}
