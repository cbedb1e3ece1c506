import { Command } from "@commander-js/extra-typings";
import { assignment, integer, positive } from "../values.ts";
import { examples } from "../verb.ts";
import { withColumns } from "./column-options.ts";
import { computing } from "./compute-options.ts";
import type { Verb } from "../verb.ts";

/** `fedtune simulate`: a run with simulated clients, or an experiment of many. */
export const simulate: Verb = {
  name: "simulate",
  define: (enter) =>
    command()
      .addHelpText(
        "after",
        examples(
          "fedtune simulate --data train.tsv --test test.tsv --clients 8 --partition dirichlet-by-class --alpha 0.5",
          "fedtune simulate --config run.yaml --method ffa-lora --out results",
          "fedtune simulate experiment.yaml --set seeds.count=5 --jobs 4",
        ),
      )
      .action((experiment, options) =>
        enter(options, async (io) => {
          if (experiment === undefined) {
            const { runSimulate } = await import("../run/simulate.ts");
            return runSimulate(options, io);
          }
          const { runSimulateExperiment } = await import("../run/simulate-experiment.ts");
          return runSimulateExperiment(experiment, options, io);
        }),
      ),
};

function command() {
  return computing(
    withColumns(
      new Command("simulate")
        .summary("the same run with simulated clients and a virtual clock")
        .description(
          "Runs a federation on this machine. The config is a run config with a section `simulation`: clients, " +
            "data, test and partition. With an experiment it plays many of them, over methods, settings and seeds, " +
            "and reports what they came to; --set is then about the fields of the experiment.",
        )
        .argument("[experiment]", "an experiment, YAML or JSON; see docs/experiments.md")
        .option("-c, --config <file>", "the config, YAML or JSON; without: defaults")
        .option("--set <key=value>", "sets a field of the config; may be repeated", assignment)
        .option(
          "-o, --out <folder>",
          "where metrics, adapter and resolved config, or results and report go",
        )
        .option(
          "--jobs <n>",
          "experiment: processes that play cells; all cores without",
          integer(1, 256),
        )
        .option(
          "--queue <url>",
          "experiment: cells are played by fedtune worker processes at postgres://... or redis://...",
        )
        .option("--resume", "experiment: goes on with the finished cells of its folder")
        .option(
          "--data <file>",
          "training data: a file of texts, images as a folder by class, IDX or records (.bin), or household-intents for the built-in set (simulation.data)",
        )
        .option("--test <file>", "test data for the global adapter (simulation.test)"),
    )
      .option("--column <name>", "column that names the clients, for --partition by-column")
      .option("--clients <n>", "number of clients (simulation.clients)", integer(1))
      .option("--partition <scheme>", "how the data is dealt (simulation.partition.scheme)")
      .option(
        "--alpha <number>",
        "skew of a Dirichlet scheme (simulation.partition.alpha)",
        positive,
      )
      .option("--model <name or folder>", "the base model (model)")
      .option("--method <name>", "the federated method (method.name)")
      .option("--rounds <n>", "number of rounds (rounds.numRounds)", integer(1))
      .option("--seed <n>", "seed of everything random (seed)", integer(0, 0xffffffff))
      .option("--workers <n>", "clients that train at the same time; 1 without", integer(1, 256)),
  );
}
