/** Parsers of `fedtune privacy`'s option values; what they refuse is a usage error that names the option. */
import { InvalidArgumentError } from "@commander-js/extra-typings";

/** A number in [0, 1]. */
export function rate(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("Wanted a number in [0, 1].");
}

/** A number strictly between 0 and 1. */
export function probability(text: string): number {
  const value = Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError("Wanted a number > 0 and < 1.");
}
