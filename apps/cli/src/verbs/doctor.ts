import { Command } from "@commander-js/extra-typings";
import { examples, settings } from "../verb.ts";
import type { Verb } from "../verb.ts";

/** `fedtune doctor`: what this machine can do. */
export const doctor: Verb = {
  name: "doctor",
  define: (enter) =>
    settings(
      new Command("doctor")
        .summary("what this machine can do, what is missing, and what to do about it")
        .description(
          "Says what this machine has and what is missing. Exits with 0 when it can train, else with 5.",
        ),
    )
      .addHelpText("after", examples("fedtune doctor", "fedtune doctor --json"))
      .action((options) =>
        enter(options, async (io) => {
          const { runDoctor } = await import("../run/doctor.ts");
          return runDoctor(io);
        }),
      ),
};
