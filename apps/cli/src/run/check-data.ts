/** A look at a data set before a client takes part with it: what is wrong is said once, at the start. */
import { FedtuneError } from "@fedtune/core";
import type { TaskSettings } from "@fedtune/core";
import {
  formatOf,
  imageColumn,
  languageColumns,
  openDataStore,
  openImages,
  openImageStore,
  readRows,
} from "@fedtune/training";
import type { ExampleData, FileData, ImageData, TextTokenizer } from "@fedtune/training";
import { nodeFiles } from "@fedtune/training/node";
import { nodeWorld } from "./data-reference.ts";

/**
 * Reads the file from end to end: its bytes, the columns of its texts, and that there is a row; of images that they are
 * there.
 *
 * @throws FedtuneError `file-missing`, `file-unreadable`, `data-invalid`
 */
export function checkRows(data: ExampleData): Promise<void> {
  return data.kind === "images" ? checkImages(data) : checkTexts(data);
}

async function checkImages(data: ImageData): Promise<void> {
  const images = await openImages(data, nodeWorld);
  const { where } = data;
  if (where === null) return;
  if (!imageColumn(images, where.column, data).includes(where.equals)) throw noRows(data);
}

function noRows({ path, where }: ExampleData): FedtuneError {
  const part = where === null ? "" : ` where ${where.column} is "${where.equals}"`;
  const message = `Cannot use ${path}: it has no rows${part}, expected at least 1`;
  return new FedtuneError("data-invalid", message, { data: { path, where } });
}

async function checkTexts(data: FileData): Promise<void> {
  const { path, textPair, where } = data;
  // Whether there are labels is the task's business, which is not known before a client is welcomed.
  const texts = [...languageColumns(data), textPair, where?.column];
  const columns = texts.filter((name) => typeof name === "string");
  let rows = 0;
  for await (const row of readRows(nodeFiles.stream(path), {
    path,
    format: formatOf(data),
    columns,
  })) {
    if (where === null || row.values.at(-1) === where.equals) rows += 1;
  }
  if (rows === 0) throw noRows(data);
}

/**
 * Holds data against the task of a run: its columns, its labels, and every picture.
 *
 * @throws FedtuneError `config-conflict` for texts where images are wanted or the other way round, `data-invalid`,
 *   `label-unknown` with file and line
 */
export async function checkExamples(
  data: ExampleData,
  { kind, labels }: Pick<TaskSettings, "kind" | "labels">,
): Promise<void> {
  if (kind === "image-classification" && data.kind === "images") {
    await openImageStore(nodeWorld).load(data, { labels, image: onePixel });
    return;
  }
  if (kind === "image-classification" || data.kind === "images") {
    const holds = data.kind === "images" ? "images" : "texts";
    const message = `Cannot use ${data.path} for ${kind}: it holds ${holds}`;
    throw new FedtuneError("config-conflict", message, { data: { path: data.path, task: kind } });
  }
  await openDataStore(nodeFiles, shapeOnly).load(data, {
    kind,
    labels,
    endId: null,
    maxLength: 4096,
  });
}

/** The size of a base model does not matter either. */
const onePixel = { height: 1, width: 1, channels: 1, scaling: { resizes: true } } as const;

const none = new Int32Array(0);
/** Stands for the tokenizer of a base model: which tokens there are does not matter. */
const shapeOnly: TextTokenizer = {
  vocabularySize: 1,
  encode: () => ({ ids: none, types: none }),
  language: {
    start: [0],
    chatTemplate: "{{ messages[-1].content }}",
    pieces: () => [0],
    decode: () => "",
  },
};
