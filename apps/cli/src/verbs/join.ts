import { Command } from "@commander-js/extra-typings";
import { positive, serverUrl } from "../values.ts";
import { examples } from "../verb.ts";
import { withColumns } from "./column-options.ts";
import { computing } from "./compute-options.ts";
import type { Verb } from "../verb.ts";

/** `fedtune join`: one data holder of a run. */
export const join: Verb = {
  name: "join",
  define: (enter) =>
    computing(
      withColumns(
        new Command("join")
          .summary("takes part in a run with data that stays here")
          .description(
            "Trains when the coordinator asks for it, until the run ends. The rows of the data file never leave.",
          )
          .argument("[link]", "the join link that the run's operator sent", serverUrl)
          .option("-s, --server <url>", "the coordinator, in the place of a link", serverUrl)
          .option("--run <name>", "which run; without: the coordinator's only one")
          .option("--token <token>", "lets this client in the first time; part of a join link")
          .requiredOption("-n, --name <name>", "this client's name in the run")
          .requiredOption(
            "--data <file>",
            "CSV, TSV or JSON Lines with a text and a label column, or household-intents; or images: a folder by class, IDX, or records (.bin)",
          ),
      )
        .option(
          "--eval-data <file>",
          "what this client evaluates on, with the same columns; without: a part of --data that it does not train on, where the run asks for one",
        )
        .option(
          "--where <column=value>",
          "only the rows whose column holds this value, of both files",
        )
        .option(
          "--model <folder or hub name>",
          "where the base model lies, if it is neither built in nor named by a hub's commit",
        )
        .option("--state-dir <folder>", "what must survive a restart", ".fedtune/clients")
        .option(
          "--holder <name>",
          "whose data it is: runs of one holder on the same file share a privacy ledger; without: --name",
        )
        .option(
          "--budget-epsilon <number>",
          "most epsilon that all private runs of one delta and relation may cost this data together; runs that protect no examples are refused",
          positive,
        )
        .option(
          "--save-adapter <folder>",
          "where this client's whole adapter goes at the end, with the factors that never leave it",
        ),
    )
      .addHelpText(
        "after",
        examples(
          "fedtune join 'https://fl.example.org/join/tickets#token=fte_...' --name clinic-a --data tickets.csv",
          "fedtune join --server http://localhost:8470 --name clinic-a --data tickets.csv",
        ),
      )
      .action((link, options) =>
        enter(options, async (io) => {
          const { runJoin } = await import("../run/join.ts");
          return runJoin({ ...options, link }, io);
        }),
      ),
};
