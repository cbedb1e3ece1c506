import { Command } from "@commander-js/extra-typings";
import { assignment, integer, weightedFolder } from "../values.ts";
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
            "their products. Folders may differ in rank and alpha where the method allows it (flexlora, flora, hetlora). What " +
            "a method adds to the base weights (flora, fedex-lora) goes into the adapter, whose rank grows.",
        )
        .argument("<folder[:weight]...>", "adapter folders; weights default to 1", weightedFolder)
        .requiredOption("-m, --method <name>", "how to combine them; see: fedtune methods")
        .requiredOption("-o, --out <folder>", "where the combined adapter goes")
        .option(
          "--rank <n>",
          "rank of the result, where the method can choose it; the largest of the folders otherwise",
          integer(1),
        )
        .option("--option <key=value>", "an option of the method; may be repeated", assignment),
    )
      .addHelpText(
        "after",
        examples(
          "fedtune aggregate --method fedavg --out mean clinic-a:1200 clinic-b:800",
          "fedtune aggregate --method flexlora --rank 8 --out cut rank-4 rank-16",
          "fedtune aggregate --method fedex-lora --out exact clinic-a clinic-b --json",
        ),
      )
      .action((folders, options) =>
        enter(options, async (io) => {
          const { runAggregate } = await import("../run/aggregate.ts");
          return runAggregate({ ...options, folders }, io);
        }),
      ),
};
