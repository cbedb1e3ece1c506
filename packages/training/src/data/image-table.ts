/** Sets of images as tables: columns that can be read without decoding a picture, and pictures. */
import { asFedtuneError, FedtuneError } from "@fedtune/core";
import type { FileSource } from "../files.ts";
import { readText } from "../files.ts";
import { mostImageBytes } from "./image-platform.ts";
import type { ImagePlatform } from "./image-platform.ts";
import type { ImageData } from "./image-reference.ts";
import type { Picture } from "./picture.ts";

/** Where images are read from. */
export interface ImageWorld {
  readonly files: FileSource;
  readonly platform: ImagePlatform;
}

/** A set of images, in an order that its files decide. */
export interface ImageTable {
  readonly rows: number;
  /** Columns by name, `[rows]` each; the label is one of them. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
  /** Says which image a row is, for messages. */
  place(row: number): string;
  picture(row: number): Promise<Picture>;
}

/** What a reader is told of a set. */
export type ImageSet = Pick<ImageData, "path" | "columns" | "label" | "recordSize">;

/** A column's values. @throws FedtuneError `data-invalid` naming the columns there are */
export function imageColumn(
  table: ImageTable,
  name: string,
  { path }: { readonly path: string },
): readonly string[] {
  const column = table.columns.get(name);
  if (column !== undefined) return column;
  const message = `Cannot use the images of ${path}: there is no column "${name}"; columns: ${[...table.columns.keys()].join(", ")}`;
  throw new FedtuneError("data-invalid", message, { data: { path, column: name } });
}

/** The whole file, unpacked where it is packed. @throws FedtuneError `data-invalid` */
export async function readUnpacked(
  path: string,
  { files, platform }: ImageWorld,
): Promise<Uint8Array> {
  const bytes = await files.read(path);
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!isPacked) return bytes;
  try {
    return await platform.gunzip(bytes, mostImageBytes);
  } catch (cause) {
    throw invalidImages(path, `it cannot be unpacked (${asFedtuneError(cause).message})`);
  }
}

/**
 * Names of a column's numbers, one a line in `<column>s.txt` beside the file; null: there is no such file.
 *
 * @throws FedtuneError `data-invalid` for a number that has no line there
 */
export async function namedColumn(
  numbers: Uint8Array,
  column: string,
  { path, files }: { readonly path: string; readonly files: FileSource },
): Promise<readonly string[]> {
  const beside = path.slice(0, path.lastIndexOf("/") + 1) + `${column}s.txt`;
  if (!(await files.exists(beside))) return Array.from(numbers, String);
  const lines = (await readText(files, beside)).split(/\r?\n/);
  const names = lines.map((line) => line.trim()).filter((line) => line !== "");
  return Array.from(numbers, (number, row) => {
    const name = names[number];
    if (name !== undefined) return name;
    const what = `image ${row} has ${column} ${number}, but ${beside} names ${names.length}`;
    throw invalidImages(path, what, { row, column, number });
  });
}

/** An error about a file of images. */
export function invalidImages(
  path: string,
  reason: string,
  data: Readonly<Record<string, unknown>> = {},
): FedtuneError {
  return new FedtuneError("data-invalid", `Cannot read ${path}: ${reason}`, {
    data: { path, ...data },
  });
}
