import { Command } from "@commander-js/extra-typings";
import { examples, settings } from "../verb.ts";
import type { Verb } from "../verb.ts";

/** `fedtune merge`: a checkpoint without an adapter. */
export const merge: Verb = {
  name: "merge",
  define: (enter) =>
    settings(
      new Command("merge")
        .summary("works an adapter into its base model: a checkpoint of its own")
        .description(
          "Writes a folder with config.json, model.safetensors and the tokenizer, as transformers opens it, for programs that know no adapters.",
        )
        .requiredOption("--adapter <folder>", "an adapter in PEFT's format")
        .requiredOption("-o, --out <folder>", "where the checkpoint goes; a new folder")
        .option("--model <name or folder>", "the base model", "fedtune-mini")
        .option("--backend <name>", "where to compute; see: fedtune doctor"),
    )
      .addHelpText("after", examples("fedtune merge --adapter results/adapter --out merged"))
      .action((options) =>
        enter(options, async (io) => {
          const { runMerge } = await import("../run/merge.ts");
          return runMerge(options, io);
        }),
      ),
};
