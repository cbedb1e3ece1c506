import { cellm } from "./cellm.ts";
import { fedexLora } from "./fedex-lora.ts";
import { fedsaLora } from "./fedsa-lora.ts";
import { fedsvd } from "./fedsvd.ts";
import { ffaLora } from "./ffa-lora.ts";
import { loraFair } from "./lora-fair.ts";
import type { Preset } from "./preset.ts";
import { rolora } from "./rolora.ts";

/** The settings of the papers, by the name of each one's method. */
export const presets: readonly Preset[] = [
  fedsaLora,
  ffaLora,
  fedsvd,
  loraFair,
  cellm,
  rolora,
  fedexLora,
];
