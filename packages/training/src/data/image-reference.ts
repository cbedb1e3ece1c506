/** References to images: folders by class, IDX files, and files of records of one size. */
import { parseInput } from "@fedtune/core";
import type { DataRef } from "@fedtune/core";
import { z } from "zod";
import { rowChoiceSchema } from "./row-choice.ts";

/** How images are kept. */
export const imageFormats = ["folder", "idx", "records"] as const;
/** One of {@link imageFormats}. */
export type ImageFormat = (typeof imageFormats)[number];

/** A set of images; travels as plain data inside a job. */
export const imageDataSchema = z.strictObject({
  kind: z.literal("images"),
  /** As the file source of the trainer understands it; the file of images where labels are in another. */
  path: z.string().min(1),
  /** Null: by the ending of the path. */
  format: z.enum(imageFormats).nullable().default(null),
  /** Folders: what each level above the pictures tells. Records: what each byte before the pixels tells. IDX: the label alone. */
  columns: z.array(z.string().min(1)).min(1).max(8).default(["label"]),
  /** Which of the columns is the label. */
  label: z.string().min(1).default("label"),
  /** Records: height, width and channels; a record holds one plane after the other. */
  recordSize: z
    .tuple([
      z.int().min(1).max(4096),
      z.int().min(1).max(4096),
      z.union([z.literal(1), z.literal(3)]),
    ])
    .default([32, 32, 3]),
  ...rowChoiceSchema.shape,
});

/** A resolved reference to images. */
export type ImageData = z.output<typeof imageDataSchema>;

/** A reference to images, for a job. @throws FedtuneError `config-invalid` */
export function imageData(input: z.input<typeof imageDataSchema>): DataRef & ImageData {
  return parseInput(imageDataSchema, input, { what: "the data reference" });
}

const idxEnding = /[-.]idx\d-ubyte(\.gz)?$|\.idx(\.gz)?$/i;
const recordsEnding = /\.bin(\.gz)?$/i;

/** The format that a reference names, or that its path's ending tells; a folder where it tells nothing. */
export function imageFormatOf({ format, path }: Pick<ImageData, "format" | "path">): ImageFormat {
  if (format !== null) return format;
  if (idxEnding.test(path)) return "idx";
  return recordsEnding.test(path) ? "records" : "folder";
}

/** Whether a path is one of images rather than of texts: it ends as IDX and record files do, or as a folder with a slash. */
export function isImagePath(path: string): boolean {
  return path.endsWith("/") || idxEnding.test(path) || recordsEnding.test(path);
}
