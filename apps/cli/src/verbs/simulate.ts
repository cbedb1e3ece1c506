import { Command } from "@commander-js/extra-typings";
import { assignment, integer, positive } from "../values.ts";
import { examples, settings } from "../verb.ts";
import type { Verb } from "../verb.ts";

/** `fedtune simulate`: a run with simulated clients. */
export const simulate: Verb = {
  name: "simulate",
  define: (enter) =>
    settings(
      new Command("simulate")
        .summary("the same run with simulated clients and a virtual clock")
        .description(
          "Runs a federation on this machine. The config is a run config with a section `simulation`: clients, " +
            "data, test and partition.",
        )
        .option("-c, --config <file>", "the config, YAML or JSON; without: defaults")
        .option("--set <key=value>", "sets a field of the config; may be repeated", assignment)
        .option("-o, --out <folder>", "where metrics, adapter and resolved config go")
        .option(
          "--data <file>",
          "training data, or household-intents for the built-in set (simulation.data)",
        )
        .option("--test <file>", "test data for the global adapter (simulation.test)")
        .option("--text <column>", "name of the text column (simulation.text)")
        .option(
          "--text-pair <column>",
          "name of the second text's column, for pairs (simulation.textPair)",
        )
        .option("--label <column>", "name of the label column (simulation.label)")
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
        .option("--backend <name>", "where to train; see: fedtune doctor")
        .option("--workers <n>", "clients that train at the same time", integer(1, 256), 1),
    )
      .addHelpText(
        "after",
        examples(
          "fedtune simulate --data train.tsv --test test.tsv --clients 8 --partition dirichlet-by-class --alpha 0.5",
          "fedtune simulate --config run.yaml --method ffa-lora --out results",
        ),
      )
      .action((options) =>
        enter(options, async (io) => {
          const { runSimulate } = await import("../run/simulate.ts");
          return runSimulate(options, io);
        }),
      ),
};
