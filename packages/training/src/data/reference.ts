/** What a reference to examples means here: a file of texts with its columns or a set of images, and optionally a part of its rows. */
import { parseInput } from "@fedtune/core";
import type { DataRef } from "@fedtune/core";
import { z } from "zod";
import { imageDataSchema } from "./image-reference.ts";
import type { ImageData } from "./image-reference.ts";
import { rowChoiceSchema } from "./row-choice.ts";

/** File formats of data sets. */
export const dataFormats = ["csv", "tsv", "jsonl"] as const;
/** One of {@link dataFormats}. */
export type DataFormat = (typeof dataFormats)[number];

/** A data file with its columns; travels as plain data inside a job. */
export const fileDataSchema = z.strictObject({
  kind: z.literal("file"),
  /** As the file source of the trainer understands it. */
  path: z.string().min(1),
  /** Null: by the ending of the path. */
  format: z.enum(dataFormats).nullable().default(null),
  /** Column of the (first) text. */
  text: z.string().min(1).default("text"),
  /** Column of the second text of a pair. */
  textPair: z.string().min(1).nullable().default(null),
  label: z.string().min(1).default("label"),
  /** Language models: column of what is read, and of what is to be predicted; null: `text` is both. */
  prompt: z.string().min(1).default("prompt"),
  completion: z.string().min(1).nullable().default(null),
  /** Language models: column of a chat, `[{ "role", "content" }, ...]`; what the assistant says is to be predicted. */
  messages: z.string().min(1).nullable().default(null),
  ...rowChoiceSchema.shape,
});

/** A resolved data reference. */
export type FileData = z.output<typeof fileDataSchema>;
/** A data reference as people write it. */
export type FileDataInput = z.input<typeof fileDataSchema>;

/** A reference to rows of a file, for a job. */
export function fileData(input: FileDataInput): DataRef & FileData {
  return parseInput(fileDataSchema, input, { what: "the data reference" });
}

/** A resolved reference of either kind. */
export type ExampleData = FileData | ImageData;

/** Reads a job's reference. @throws FedtuneError `config-invalid` */
export function readReference(ref: DataRef): ExampleData {
  const schema = z.discriminatedUnion("kind", [fileDataSchema, imageDataSchema]);
  return parseInput(schema, ref, { what: "the data reference" });
}

/** The format that a reference names, or that the path's ending tells; CSV where it tells nothing. */
export function formatOf({ format, path }: Pick<FileData, "format" | "path">): DataFormat {
  if (format !== null) return format;
  if (/\.(tsv|tab)$/i.test(path)) return "tsv";
  return /\.(jsonl|ndjson)$/i.test(path) ? "jsonl" : "csv";
}
