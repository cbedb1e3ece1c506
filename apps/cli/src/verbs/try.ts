import { Command } from "@commander-js/extra-typings";
import { integer, nonNegative, share } from "../values.ts";
import { examples } from "../verb.ts";
import { computing } from "./compute-options.ts";
import type { Verb } from "../verb.ts";

/** `fedtune try`: what a model makes of a text. */
export const tryOut: Verb = {
  name: "try",
  define: (enter) =>
    computing(
      new Command("try")
        .summary("classifies texts, or writes on from them")
        .description(
          "Tells the labels of texts with their probabilities; with a language model, writes on from each text. Without texts it reads lines from standard input.",
        )
        .argument("[texts...]", "one text each; of a model of images one picture each")
        .option("--model <name or folder>", "the base model", "fedtune-mini")
        .option("--adapter <folder>", "an adapter in PEFT's format; without: the base alone")
        .option("--labels <names>", "labels in order, with commas; by default the adapter's")
        .option("--pair <text>", "classification: the second text of a pair")
        .option("--max-new-tokens <n>", "longest text that is written", integer(1, 100_000), 64)
        .option("--temperature <t>", "0 takes the likeliest token always", nonNegative, 0)
        .option("--top-k <n>", "only so many of the likeliest tokens", integer(1))
        .option("--top-p <p>", "only the likeliest with this probability together", share)
        .option("--seed <n>", "of the draws", integer(0), 0),
    )
      .addHelpText(
        "after",
        examples(
          'fedtune try --adapter results/adapter "where is my parcel"',
          'fedtune try --model ./smollm --temperature 0.8 "Once upon a time"',
        ),
      )
      .action((texts, options) =>
        enter(options, async (io) => {
          const { runTry } = await import("../run/try.ts");
          return runTry({ ...options, texts }, io);
        }),
      ),
};
