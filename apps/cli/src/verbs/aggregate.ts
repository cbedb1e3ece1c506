import { Command } from "@commander-js/extra-typings";
import { assignment, weightedFolder } from "../values.ts";
import { examples, settings } from "../verb.ts";
import type { Verb } from "../verb.ts";

/** `fedtune aggregate`: finished adapter files in, one adapter file out. */
export const aggregate: Verb = {
  name: "aggregate",
  define: (enter) =>
    settings(
      new Command("aggregate")
        .summary("combines adapter files with a federated method, without any server")
        .description(
          "Combines adapter folders in PEFT's format into one, and says how far the result is from the mean of " +
            "their products.",
        )
        .argument("<folder[:weight]...>", "adapter folders; weights default to 1", weightedFolder)
        .requiredOption("-m, --method <name>", "how to combine them; see: fedtune methods")
        .requiredOption("-o, --out <folder>", "where the combined adapter goes")
        .option("--option <key=value>", "an option of the method; may be repeated", assignment),
    )
      .addHelpText(
        "after",
        examples("fedtune aggregate --method fedavg --out mean clinic-a:1200 clinic-b:800"),
      )
      .action((folders, options) =>
        enter(options, async (io) => {
          const { runAggregate } = await import("../run/aggregate.ts");
          return runAggregate({ ...options, folders }, io);
        }),
      ),
};
