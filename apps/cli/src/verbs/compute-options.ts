/** Options of every verb that computes with a base model on this machine. */
import { Option } from "@commander-js/extra-typings";
import type { Command, OptionValues } from "@commander-js/extra-typings";
import type { BasePrecision } from "@fedtune/training";
import type { MatmulPrecision } from "@fedtune/training/node";
import type { CommonOptions } from "../io.ts";
import type { ComputeOptions } from "../run/trainers.ts";
import { integer } from "../values.ts";
import { settings } from "../verb.ts";

const heading = "How to compute:";
// Written down here: the training package is loaded by the action, not before.
const basePrecisions = ["f32", "f16", "int8"] as const satisfies readonly BasePrecision[];
const matmulPrecisions = ["f32", "bf16"] as const satisfies readonly MatmulPrecision[];

type Every = CommonOptions & ComputeOptions;
/** As commander wants it: a plain object type. */
type EveryOption = { [Key in keyof Every]: Every[Key] };

/** Adds these options and those that every verb has. */
export function computing<Args extends unknown[], Opts extends OptionValues>(
  command: Command<Args, Opts>,
): Command<Args, Opts & EveryOption> {
  const whole = settings(command)
    .addOption(
      new Option("--backend <name>", "what computes; see: fedtune doctor").helpGroup(heading),
    )
    .addOption(
      new Option(
        "--base-precision <precision>",
        "how the base model's weights are kept; f32 without",
      )
        .choices(basePrecisions)
        .helpGroup(heading),
    )
    .addOption(
      new Option(
        "--matmul-precision <precision>",
        "what tfjs-node computes large matrix products in; f32 without, bf16 is faster on newer processors",
      )
        .choices(matmulPrecisions)
        .helpGroup(heading),
    )
    .addOption(
      new Option("--threads <n>", "threads of the backend wasm; as many as pay without")
        .argParser(integer(1, 256))
        .helpGroup(heading),
    )
    .addOption(
      new Option("--kernels <whose>", "kernels of the backend wasm; own without")
        .choices(["own", "stock"])
        .helpGroup(heading),
    );
  // The same, with the inferred type of eight options in fewer words than the compiler would write down.
  return whole as unknown as Command<Args, Opts & EveryOption>;
}
