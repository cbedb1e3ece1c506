import { Command } from "@commander-js/extra-typings";
import { integer } from "../values.ts";
import { examples } from "../verb.ts";
import { withColumns } from "./column-options.ts";
import { computing } from "./compute-options.ts";
import type { Verb } from "../verb.ts";

/** `fedtune eval`: metrics of an adapter on a data file. */
export const evaluate: Verb = {
  name: "eval",
  define: (enter) =>
    computing(
      withColumns(
        new Command("eval")
          .summary("measures an adapter on a data file")
          .description(
            "Prints accuracy, macro F1, Matthews correlation and loss on a data file; of a language model perplexity, token accuracy and loss.",
          )
          .requiredOption(
            "--data <file>",
            "CSV, TSV or JSON Lines with a text and a label column; or images: a folder by class, IDX, or records (.bin)",
          )
          .option("--model <name or folder>", "the base model", "fedtune-mini")
          .option("--adapter <folder>", "an adapter in PEFT's format; without: the base alone"),
      )
        .option(
          "--max-length <n>",
          "tokens per example; by default what the base model takes",
          integer(4),
        )
        .option("--batch-size <n>", "examples at a time", integer(1), 32)
        .option("--logits <file>", "also writes every example's logits, one JSON line each"),
    )
      .addHelpText("after", examples("fedtune eval --adapter mean --data test.tsv --json"))
      .action((options) =>
        enter(options, async (io) => {
          const { runEval } = await import("../run/eval.ts");
          return runEval(options, io);
        }),
      ),
};
