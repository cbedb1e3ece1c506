/** What differs between the adapter types of HuggingFace PEFT: fields of the config, and where sizes are to be seen. */
import type { z } from "zod";
import type { AdapterSettings } from "./kind.ts";

/** A size of a module: the extent of one of its own factors, or of one that all modules share, along an axis. */
export interface PeftExtent {
  /** The factor's name without its module's, for example `lora_A`. */
  readonly factor: string;
  readonly axis: number;
}

/** How PEFT writes adapters of one kind. */
export interface PeftForm {
  /** `peft_type` of adapter_config.json. */
  readonly peftType: string;
  /** Flags that tell the kinds of one type from each other. */
  readonly flags: Readonly<Record<string, boolean>>;
  /** The type's own fields, the same for all kinds of a type; fields that are not listed are PEFT's own business. */
  readonly fields: Readonly<Record<string, z.ZodType>>;
  /** loraAlpha from those fields as they were parsed. */
  loraAlpha(fields: Readonly<Record<string, unknown>>): number;
  /** The type's own fields, flags among them, of an adapter. */
  write(settings: AdapterSettings): Readonly<Record<string, unknown>>;
  /** Where a file shows how many inputs and outputs a module has. */
  readonly sizes: { readonly in: PeftExtent; readonly out: PeftExtent };
}
