/** The model families that can be trained. */
import { FedtuneError } from "@fedtune/core";
import { z } from "zod";
import { bert } from "./bert.ts";
import { distilbert } from "./distilbert.ts";
import type { Family, ModelConfig } from "./family.ts";
import { gpt2 } from "./gpt2.ts";
import { llama } from "./llama.ts";
import { qwen2 } from "./qwen2.ts";
import { roberta } from "./roberta.ts";
import { vit } from "./vit.ts";

/** Every family; names, docs and the conformance suite derive from this array. */
export const families: readonly Family[] = [
  ...[bert, roberta, distilbert],
  ...[gpt2, llama, qwen2],
  vit,
];

/** The family of a configuration. */
export function familyOf(config: Pick<ModelConfig, "family">): Family {
  const found = families.find((family) => family.name === config.family);
  if (found === undefined) throw new RangeError(`Cannot find model family "${config.family}"`);
  return found;
}

/**
 * Parses HuggingFace's config.json of any known family.
 *
 * @throws FedtuneError `model-invalid` naming the file and the families there are
 */
export function parseModelConfig(raw: unknown, path = "config.json"): ModelConfig {
  const type = z.object({ model_type: z.string() }).safeParse(raw).data?.model_type;
  const family = families.find(({ name }) => name === type);
  if (family !== undefined) return family.parse(raw, path);
  const known = families.map(({ name }) => name);
  throw new FedtuneError(
    "model-invalid",
    `Cannot use ${path}: model_type is ${JSON.stringify(type ?? null)}, expected one of ${known.join(", ")}`,
    {
      data: { path, modelType: type ?? null, known },
    },
  );
}
