import { FedtuneError } from "../../errors.ts";
import { nearest } from "../../nearest.ts";
import type { AdapterKind } from "../kind.ts";
import { dora } from "./dora.ts";
import { lora } from "./lora.ts";
import { loraXs } from "./lora-xs.ts";
import { rslora } from "./rslora.ts";
import { vera } from "./vera.ts";

/** Every adapter kind; config, help and docs are derived from this list. */
export const adapterKinds: readonly [AdapterKind, ...AdapterKind[]] = [
  lora,
  rslora,
  dora,
  vera,
  loraXs,
];

/**
 * The kind of that name.
 *
 * @throws FedtuneError `config-invalid` on an unknown name
 */
export function adapterKind(name: string): AdapterKind {
  const kind = adapterKinds.find((candidate) => candidate.name === name);
  if (kind !== undefined) return kind;
  const names = adapterKinds.map((candidate) => candidate.name);
  const near = nearest(name, names);
  const hint = near === null ? "" : `; did you mean "${near}"?`;
  const message = `Cannot find adapter kind "${name}": wanted one of ${names.join(", ")}${hint}`;
  throw new FedtuneError("config-invalid", message, { data: { kind: name, wanted: names } });
}
