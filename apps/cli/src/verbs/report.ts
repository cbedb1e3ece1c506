import { Command } from "@commander-js/extra-typings";
import { serverUrl } from "../values.ts";
import { examples, settings } from "../verb.ts";
import type { Verb } from "../verb.ts";

/** `fedtune report`: the report of finished experiments. */
export const report: Verb = {
  name: "report",
  define: (enter) =>
    settings(
      new Command("report")
        .summary("means, tests, tables and figures of finished experiments")
        .description(
          "Writes the report of an experiment's folder anew, or one that compares several. A folder of " +
            "`fedtune simulate --out` counts as an experiment of one cell.",
        )
        .argument("<folders...>", "folders of finished experiments or runs")
        .option("-o, --out <folder>", "where the report goes; by default into the only folder")
        .option("--tensorboard <folder>", "also writes event files for TensorBoard, a run per cell")
        .option(
          "--mlflow <url>",
          "also sends every cell as a run to MLflow; MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and _PASSWORD, are used",
          serverUrl,
        ),
    )
      .addHelpText(
        "after",
        examples(
          "fedtune report results",
          "fedtune report first second --out comparison --tensorboard events",
        ),
      )
      .action((folders, options) =>
        enter(options, async (io) => {
          const { runReport } = await import("../run/report.ts");
          return runReport({ ...options, folders }, io);
        }),
      ),
};
