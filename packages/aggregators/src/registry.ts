/** The one list of methods. Names, schemas, help, forms, tables and the conformance runs follow from it. */
import { FedtuneError, nearest } from "@fedtune/core";
import type { AdapterKind, Method } from "@fedtune/core";
import { z } from "zod";
import { fedavg } from "./methods/fedavg.ts";
import { fedexLora } from "./methods/fedex-lora.ts";
import { fedsaLora } from "./methods/fedsa-lora.ts";
import { ffaLora } from "./methods/ffa-lora.ts";
import { fedsvd } from "./methods/fedsvd.ts";
import { flexlora } from "./methods/flexlora.ts";
import { flora } from "./methods/flora.ts";
import { loraFair } from "./methods/lora-fair.ts";
import { rolora } from "./methods/rolora.ts";

/** Every method; the first one is the default. */
export const methods = [
  fedavg,
  ffaLora,
  fedsaLora,
  rolora,
  fedsvd,
  loraFair,
  flexlora,
  fedexLora,
  flora,
] as const;

/** Name of a method in configs. */
export type MethodName = (typeof methods)[number]["name"];

/**
 * Finds a method.
 *
 * @throws FedtuneError `config-invalid` naming the nearest known one
 */
export function methodByName(name: string): Method {
  const found = methods.find((method) => method.name === name);
  if (found !== undefined) return found;
  const known = methods.map((method) => method.name);
  const near = nearest(name, known);
  const wanted =
    near === null ? `one of ${known.join(", ")}` : `a known one (did you mean "${near}"?)`;
  throw new FedtuneError("config-invalid", `Cannot find method "${name}", wanted ${wanted}`, {
    data: { name, known, nearest: near },
  });
}

/** Schema of a config's `method`: one strict object per method, told apart by `name`. */
export function methodConfigSchema() {
  const [first, ...others] = methods;
  return z.discriminatedUnion("name", [named(first), ...others.map(named)]);
}

function named({ name, config }: (typeof methods)[number]) {
  return config.extend({ name: z.literal(name) });
}

/**
 * Refuses a method and an adapter kind that do not fit.
 *
 * @throws FedtuneError `config-conflict` naming both
 */
export function checkMethodAccepts(method: Method, kind: AdapterKind): void {
  const { products } = method.claims;
  if (products.includes(kind.product)) return;
  throw new FedtuneError(
    "config-conflict",
    `Cannot use method "${method.name}" with adapter kind "${kind.name}": its product is ${kind.product}, ` +
      `wanted ${products.join(" or ")}`,
    { data: { method: method.name, kind: kind.name, product: kind.product, products } },
  );
}
