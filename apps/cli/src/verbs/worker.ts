import { Command } from "@commander-js/extra-typings";
import { integer } from "../values.ts";
import { examples, settings } from "../verb.ts";
import type { Verb } from "../verb.ts";

/** `fedtune worker`: plays the cells of experiments that other machines put into a queue. */
export const worker: Verb = {
  name: "worker",
  define: (enter) =>
    settings(
      new Command("worker")
        .summary("plays cells of experiments that are in a queue")
        .description(
          "Takes cells out of a queue and plays them until it is interrupted. Data and base models must lie here under the " +
            "same paths as at the experiment; a cell whose files differ is refused.",
        )
        .requiredOption(
          "--queue <url>",
          "postgres://... or redis://...; as in fedtune simulate EXPERIMENT --queue",
        )
        .option("--jobs <n>", "cells at a time; all cores without", integer(1, 256)),
    )
      .addHelpText(
        "after",
        examples("fedtune worker --queue postgres://lab:secret@db/queue --jobs 4"),
      )
      .action((options) =>
        enter(options, async (io) => {
          const { runWorker } = await import("../run/worker.ts");
          return runWorker(options, io);
        }),
      ),
};
