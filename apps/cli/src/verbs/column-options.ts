/** Options of every verb that reads a data file of its own: what its columns are called. */
import type { Command, OptionValues } from "@commander-js/extra-typings";
import type { DataOptions } from "../run/data-reference.ts";
import { names } from "../values.ts";

/** As commander wants it: a plain object type. */
type ColumnOption = { [Key in keyof DataOptions]: DataOptions[Key] };

/** Adds these options. */
export function withColumns<Args extends unknown[], Opts extends OptionValues>(
  command: Command<Args, Opts>,
): Command<Args, Opts & ColumnOption> {
  const whole = command
    .option("--text <column>", "name of the text column")
    .option("--text-pair <column>", "name of the second text's column, for pairs")
    .option("--label <column>", "name of the label column")
    .option("--columns <names>", "images: what levels of folders, or first bytes, tell", names)
    .option("--prompt <column>", "language models: name of the column that is read")
    .option("--completion <column>", "language models: name of the column to be predicted")
    .option("--messages <column>", "language models: name of a column of chats");
  // The same, with the inferred type of seven options in fewer words than the compiler would write down.
  return whole as unknown as Command<Args, Opts & ColumnOption>;
}
