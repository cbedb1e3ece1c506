import { metricsCsv, metricsJson } from "../model/metric-files.ts";
import type { RunViews } from "../use-run-data.ts";
import { saveFile } from "../../../chart/save-file.ts";

/** Saves the rounds of a run as a file. */
export function saveMetrics(views: RunViews, kind: "csv" | "json"): void {
  const { id, configHash, rows, isSimulation } = views;
  const content =
    kind === "csv" ? metricsCsv(rows) : metricsJson(rows, { run: id, configHash, isSimulation });
  const type = kind === "csv" ? "text/csv" : "application/json";
  saveFile(`${id}-rounds.${kind}`, new Blob([content], { type }));
}
