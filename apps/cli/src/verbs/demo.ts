import { Command } from "@commander-js/extra-typings";
import { integer } from "../values.ts";
import { examples } from "../verb.ts";
import { computing } from "./compute-options.ts";
import type { Verb } from "../verb.ts";

/** `fedtune demo`: a whole federation on this machine. */
export const demo: Verb = {
  name: "demo",
  define: (enter) =>
    computing(
      new Command("demo")
        .summary("a complete federated fine-tuning on this machine")
        .description(
          "Starts a coordinator and a few clients, fine-tunes a small model over sockets, and shows what every " +
            "round did. Needs no network, no data and no account.",
        )
        .option("--rounds <n>", "number of rounds", integer(1))
        .option("--clients <n>", "number of clients", integer(1, 64))
        .option("--method <name>", "the federated method; see: fedtune methods")
        .option("--model <name or folder>", "the base model")
        .option("--data <file>", "training data instead of the built-in set")
        .option("--test <file>", "test data; without: a fifth of --data is held out")
        .option("--text <column>", "name of the text column")
        .option("--label <column>", "name of the label column")
        .option("-o, --out <folder>", "where the run is kept", ".fedtune/demo")
        .option("--no-pages", "without a dashboard to look at while it runs")
        .option("--simulate", "in one process and virtual time instead of over sockets"),
    )
      .addHelpText("after", examples("fedtune demo", "fedtune demo --clients 5 --method ffa-lora"))
      .action((options) =>
        enter(options, async (io) => {
          const { runDemo } = await import("../run/demo.ts");
          return runDemo(options, io);
        }),
      ),
};
