/** The examples of a job: texts or images, as its task and its base model read them. */
import { FedtuneError } from "@fedtune/core";
import type { TrainJob } from "@fedtune/core";
import type { Example } from "../data/batch.ts";
import { openDataStore } from "../data/dataset.ts";
import type { DataStore } from "../data/dataset.ts";
import type { ImagePlatform } from "../data/image-platform.ts";
import { openImageStore } from "../data/image-store.ts";
import type { ImageStore } from "../data/image-store.ts";
import { readReference } from "../data/reference.ts";
import type { ExampleData } from "../data/reference.ts";
import type { FileSource } from "../files.ts";
import type { ModelConfig } from "../models/family.ts";
import { maxTokens } from "../models/family.ts";
import type { TextTokenizer } from "../tokenizer/tokenizer.ts";

/** What examples are read with. */
export interface ExampleWorld {
  /** Null: the base model reads images. */
  readonly tokenizer: TextTokenizer | null;
  /** Reads the files that data references name. */
  readonly files: FileSource;
  /** Decodes the pictures in them; absent: only texts are read. */
  readonly images?: ImagePlatform;
}

/** What was read, kept for the next job. */
export interface ExampleStores {
  readonly texts: DataStore | null;
  readonly images: ImageStore | null;
}

/** Opens the stores that this world has the means for. */
export function openStores({ tokenizer, files, images: platform }: ExampleWorld): ExampleStores {
  return {
    texts: tokenizer === null ? null : openDataStore(files, tokenizer),
    images: platform === undefined ? null : openImageStore({ files, platform }),
  };
}

/** What is to be read. */
export interface ExampleRequest extends Pick<TrainJob, "task" | "data"> {
  readonly config: ModelConfig;
  /** Tokens per text; null: what the model takes. */
  readonly maxLength: number | null;
}

/**
 * Reads the job's examples.
 *
 * @throws FedtuneError `config-conflict` where task, base model and data are not of one kind, and what the stores throw
 */
export function loadExamples(
  { texts, images }: ExampleStores,
  { config, task, data, maxLength }: ExampleRequest,
): Promise<readonly Example[]> {
  const { kind, labels } = task;
  const ref = readReference(data);
  if (kind === "image-classification") {
    if (config.image === null || ref.kind !== "images" || images === null)
      throw otherKind(config, ref, kind);
    return images.load(ref, { labels, image: config.image });
  }
  if (config.image !== null || ref.kind !== "file" || texts === null)
    throw otherKind(config, ref, kind);
  const most = maxTokens(config);
  return texts.load(ref, {
    ...{ kind, labels, endId: config.decoder?.endIds[0] ?? null },
    maxLength: Math.min(maxLength ?? most, most),
  });
}

function otherKind(
  { family, image }: ModelConfig,
  { kind, path }: ExampleData,
  task: string,
): FedtuneError {
  const reads = image === null ? "texts" : "images";
  const holds = kind === "images" ? "images" : "texts";
  const message = `Cannot do ${task} with a base model of family "${family}", which reads ${reads}, on ${path}, which holds ${holds}`;
  return new FedtuneError("config-conflict", message, { data: { task, family, path } });
}
