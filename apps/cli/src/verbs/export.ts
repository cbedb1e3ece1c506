import { Command, Option } from "@commander-js/extra-typings";
import { integer } from "../values.ts";
import { examples, settings } from "../verb.ts";
import type { Verb } from "../verb.ts";

/** `fedtune export`: a run's adapter in PEFT's files. */
export const exportAdapter: Verb = {
  name: "export",
  define: (enter) =>
    settings(
      new Command("export")
        .summary("writes an adapter in the files that HuggingFace PEFT opens")
        .description(
          "Copies an adapter from a coordinator's folder, as PeftModel.from_pretrained opens it. A running coordinator is asked with: fedtune run pull",
        )
        .requiredOption("-o, --out <folder>", "where the adapter goes")
        .option("--run <name>", "the run; not needed when there is only one")
        .option("--round <n>", "the round; the last finished one by default", integer(0))
        .requiredOption("--data-dir <folder>", "the coordinator's folder")
        .addOption(
          new Option(
            "--cold-start <how>",
            "what stands for factors that never left the clients; such an export is refused without it",
          ).choices(["zero"]),
        ),
    )
      .addHelpText(
        "after",
        examples("fedtune export --data-dir .fedtune --run triage --round 3 --out adapter"),
      )
      .action((options) =>
        enter(options, async (io) => {
          const { runExport } = await import("../run/export.ts");
          return runExport(options, io);
        }),
      ),
};
