/** What a verb is, and the settings that all of them share. */
import type { Command, CommandUnknownOpts, OptionValues } from "@commander-js/extra-typings";
import { Option } from "@commander-js/extra-typings";
import type { CommonOptions, Io } from "./io.ts";

/** Runs a verb's body at the edge: with streams, interrupts and error handling; the exit code is its result or 0. */
export type Enter = (
  options: CommonOptions,
  body: (io: Io) => Promise<number | undefined>,
) => Promise<void>;

/** One verb of the command line. */
export interface Verb {
  readonly name: string;
  /** Builds its command; the implementation is imported by the action, not before. */
  define(enter: Enter): CommandUnknownOpts;
}

const common = "Common options:";

/**
 * Adds the options that every verb has, and the behaviour that commander passes on to no command made on its own: no
 * exit, no printing of errors.
 */
export function settings<Args extends unknown[], Opts extends OptionValues>(
  command: Command<Args, Opts>,
) {
  return quiet(command)
    .addOption(new Option("--json", "results as JSON on standard output").helpGroup(common))
    .addOption(new Option("-q, --quiet", "no notes and no progress").helpGroup(common))
    .addOption(
      new Option("--verbose", "stack traces of errors (or set FEDTUNE_DEBUG=1)").helpGroup(common),
    )
    .helpOption("-h, --help", "this text");
}

/** Leaves exits and error texts to the edge. */
export function quiet<Args extends unknown[], Opts extends OptionValues>(
  command: Command<Args, Opts>,
): Command<Args, Opts> {
  return command
    .exitOverride((error) => {
      throw Object.assign(error, { help: helpCall(command.name()) });
    })
    .configureOutput({ writeErr: nothing })
    .allowExcessArguments(false);
}

/** Examples at the end of a verb's help. */
export function examples(...lines: readonly string[]): string {
  const heading = lines.length === 1 ? "Example:" : "Examples:";
  return `\n${heading}\n${lines.map((line) => `  $ ${line}`).join("\n")}`;
}

function helpCall(name: string): string {
  return name === "fedtune" ? "fedtune --help" : `fedtune ${name} --help`;
}

function nothing(): void {
  // Printed by the edge.
}
