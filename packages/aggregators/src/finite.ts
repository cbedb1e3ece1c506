import { FedtuneError } from "@fedtune/core";

/**
 * Hands `values` through.
 *
 * @throws FedtuneError `not-finite` when a sum of finite updates has outgrown float32
 */
export function finite(values: Float32Array, what: string): Float32Array {
  for (let at = 0; at < values.length; at++) {
    if (Number.isFinite(values[at])) continue;
    throw new FedtuneError(
      "not-finite",
      `Cannot publish ${what}: value ${String(at)} is ${String(values[at])}, wanted finite numbers`,
      { data: { part: what, at } },
    );
  }
  return values;
}
