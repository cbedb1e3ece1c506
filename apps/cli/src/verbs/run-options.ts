/** What verbs that speak to a coordinator have in common. */
import { Argument, Command, CommanderError } from "@commander-js/extra-typings";
import type { CommandUnknownOpts, OptionValues } from "@commander-js/extra-typings";
import type { CommonOptions } from "../io.ts";
import { serverUrl } from "../values.ts";
import { quiet, settings } from "../verb.ts";

/** Where the coordinator is, and by which right it is asked. */
export interface ServerOptions {
  readonly server: string;
  readonly token?: string | undefined;
  readonly dataDir: string;
}

type Every = CommonOptions & ServerOptions;
/** As commander wants it: a plain object type. */
type EveryOption = { [Key in keyof Every]: Every[Key] };

/** Adds the options that every verb of a group has; `group` and its own name are how it is called. */
export function serverVerb<Args extends unknown[], Opts extends OptionValues>(
  group: string,
  command: Command<Args, Opts>,
): Command<Args, Opts & EveryOption> {
  const help = `fedtune ${group} ${command.name()} --help`;
  const whole = settings(command)
    .option("--server <url>", "the coordinator", serverUrl, "http://127.0.0.1:8470")
    .option("--token <token>", "an API token (or set FEDTUNE_TOKEN)")
    .option(
      "--data-dir <folder>",
      "whose admin-token is used for a coordinator on this machine",
      ".fedtune",
    )
    .exitOverride((error) => {
      throw Object.assign(error, { help });
    });
  // The same, with the inferred type of seven options in fewer words than the compiler would write down.
  return whole as unknown as Command<Args, Opts & EveryOption>;
}

/** A verb that is made of others. */
export function verbGroup(
  name: string,
  { summary, examples }: { readonly summary: string; readonly examples: string },
  verbs: readonly CommandUnknownOpts[],
): CommandUnknownOpts {
  const names = verbs.map((verb) => verb.name()).join(", ");
  const group = quiet(new Command(name))
    .summary(summary)
    .usage("<what> [options]")
    .helpOption("-h, --help", "this text; after a verb, its options")
    .helpCommand(false)
    .addArgument(new Argument("[what]"))
    .allowExcessArguments()
    .addHelpText("after", examples)
    .action((what) => {
      const asked = what === undefined ? "nothing to do" : `unknown command '${what}'`;
      const error = new CommanderError(2, "commander.unknownCommand", `${asked}, wanted ${names}`);
      throw Object.assign(error, { help: `fedtune ${name} --help` });
    });
  for (const verb of verbs) group.addCommand(verb);
  return group;
}
