import { Command } from "@commander-js/extra-typings";
import type { CommandUnknownOpts } from "@commander-js/extra-typings";
import { quiet } from "./verb.ts";
import type { Enter } from "./verb.ts";
import { verbs } from "./verbs.ts";
import { version } from "./version.ts";

const footer = `
Start here:
  $ fedtune demo
  $ fedtune doctor

Exit codes:
  0 done   1 failed   2 wrong options or config   3 a file that cannot be used
  4 coordinator not reached or refused   5 this machine lacks something   130 interrupted`;

/** The whole command line; every verb's work starts through `enter`. */
export function createProgram(enter: Enter): CommandUnknownOpts {
  const program = quiet(new Command("fedtune"))
    .description("Federated fine-tuning: data stays where it is, adapters travel.")
    .version(version(), "-V, --version", "the version")
    .helpOption("-h, --help", "this text; with a verb, its options")
    .helpCommand("help [verb]", "the options of a verb")
    .usage("<verb> [options]")
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .addHelpText("after", footer);
  for (const verb of verbs) program.addCommand(verb.define(enter));
  return program;
}
