/** The adapter kinds that can be trained; a test pairs this list with core's. */
import type { AdapterForward } from "./forward.ts";
import { dora } from "./dora.ts";
import { lora } from "./lora.ts";
import { loraXs } from "./lora-xs.ts";
import { rslora } from "./rslora.ts";
import { vera } from "./vera.ts";

/** Every kind's training half. */
export const adapterForwards: readonly AdapterForward[] = [lora, rslora, dora, vera, loraXs];

/** The training half of a kind by name. */
export function adapterForward(name: string): AdapterForward {
  const found = adapterForwards.find((forward) => forward.name === name);
  if (found === undefined)
    throw new RangeError(`Cannot train adapter kind "${name}": it has no forward pass here`);
  return found;
}
