/** Reading HuggingFace's preprocessor_config.json: how the bytes of an image become the numbers that a model wants. */
import { FedtuneError } from "@fedtune/core";
import { z } from "zod";
import type { FileSource } from "../files.ts";
import { joinPath, readJson } from "../files.ts";
import type { ImageConfig, ModelConfig, PixelScaling } from "./family.ts";
import { parseConfig } from "./parse.ts";

const perChannel = z.union([z.number(), z.array(z.number()).min(1).max(3)]).nullish();

/** Fields of ViTImageProcessor; resampling is bilinear whatever the file says but refused where it says otherwise. */
const schema = z.object({
  do_resize: z.boolean().default(true),
  /** Pillow's number of bilinear. */
  resample: z.literal(2).default(2),
  do_rescale: z.boolean().default(true),
  rescale_factor: z
    .number()
    .positive()
    .default(1 / 255),
  do_normalize: z.boolean().default(true),
  image_mean: perChannel,
  image_std: perChannel,
});

/**
 * The configuration with the pixel scaling of its checkpoint folder; one without preprocessor_config.json keeps
 * HuggingFace's defaults, as does a model of texts.
 *
 * @throws FedtuneError `model-invalid` naming the file and what is wrong with it
 */
export async function withPixelScaling(
  config: ModelConfig,
  files: FileSource,
  folder: string,
): Promise<ModelConfig> {
  const path = joinPath(folder, "preprocessor_config.json");
  if (config.image === null || !(await files.exists(path))) return config;
  const scaling = parsePixelScaling(await readJson(files, path), config.image, path);
  return { ...config, image: { ...config.image, scaling } };
}

function parsePixelScaling(
  raw: unknown,
  { channels }: Pick<ImageConfig, "channels">,
  path: string,
): PixelScaling {
  const fields = parseConfig(schema, raw, path);
  const spread = (name: "image_mean" | "image_std", none: number): readonly number[] => {
    const given = fields.do_normalize ? (fields[name] ?? 0.5) : none;
    const values = Array.isArray(given) ? given : Array.from({ length: channels }, () => given);
    const isUsable = values.length === channels && (name === "image_mean" || !values.includes(0));
    if (isUsable) return values;
    const message = `Cannot use ${path}: ${name} is [${values.join(", ")}], wanted ${channels} numbers${name === "image_std" ? " other than 0" : ""}`;
    throw new FedtuneError("model-invalid", message, { data: { path, field: name, values } });
  };
  return {
    rescale: fields.do_rescale ? fields.rescale_factor : 1,
    mean: spread("image_mean", 0),
    std: spread("image_std", 1),
    resizes: fields.do_resize,
  };
}
