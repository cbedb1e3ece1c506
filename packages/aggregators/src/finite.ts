import { FedtuneError } from "@fedtune/core";

/**
 * Hands `values` through.
 *
 * @throws FedtuneError `not-finite` when a sum of finite updates has outgrown float32
 */
export function finite(values: Float32Array, what: string): Float32Array {
  for (const [at, value] of values.entries()) {
    if (Number.isFinite(value)) continue;
    throw new FedtuneError(
      "not-finite",
      `Cannot publish ${what}: value ${String(at)} is ${String(value)}, wanted finite numbers`,
      { data: { part: what, at } },
    );
  }
  return values;
}
