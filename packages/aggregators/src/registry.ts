/** The one list of methods. Names, schemas, help, forms, tables and the conformance runs follow from it. */
import { FedtuneError, nearest } from "@fedtune/core";
import type { Method } from "@fedtune/core";
import { cellm } from "./methods/cellm.ts";
import { fedavg } from "./methods/fedavg.ts";
import { fedSb } from "./methods/fed-sb.ts";
import { fedexLora } from "./methods/fedex-lora.ts";
import { fedsaLora } from "./methods/fedsa-lora.ts";
import { ffaLora } from "./methods/ffa-lora.ts";
import { fedsvd } from "./methods/fedsvd.ts";
import { flexlora } from "./methods/flexlora.ts";
import { flora } from "./methods/flora.ts";
import { hetlora } from "./methods/hetlora.ts";
import { loraFair } from "./methods/lora-fair.ts";
import { rolora } from "./methods/rolora.ts";

/** Every method; the first one is the default. */
export const methods = [
  fedavg,
  ffaLora,
  fedsaLora,
  rolora,
  fedSb,
  fedsvd,
  loraFair,
  flexlora,
  fedexLora,
  flora,
  hetlora,
  cellm,
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
