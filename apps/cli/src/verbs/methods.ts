import { Command } from "@commander-js/extra-typings";
import { examples, settings } from "../verb.ts";
import type { Verb } from "../verb.ts";

/** `fedtune methods`: what the registry holds. */
export const methods: Verb = {
  name: "methods",
  define: (enter) =>
    settings(
      new Command("methods")
        .summary("the federated methods, their papers and what each promises")
        .description("Lists the federated methods; with a name, everything about one.")
        .argument("[name]", "a method"),
    )
      .addHelpText("after", examples("fedtune methods", "fedtune methods ffa-lora --json"))
      .action((name, options) =>
        enter(options, async (io) => {
          const { runMethods } = await import("../run/methods.ts");
          return runMethods({ name }, io);
        }),
      ),
};
