/** Opens sets of images of every format. */
import { FedtuneError } from "@fedtune/core";
import { openIdx } from "./idx.ts";
import { openFolders } from "./image-folders.ts";
import { openRecords } from "./image-records.ts";
import { imageFormatOf } from "./image-reference.ts";
import type { ImageData } from "./image-reference.ts";
import { imageColumn } from "./image-table.ts";
import type { ImageTable, ImageWorld } from "./image-table.ts";

/**
 * Opens a set of images; pictures of folders are read when they are asked for, other files at once.
 *
 * @throws FedtuneError `data-invalid` naming the file and what is wrong with it
 */
export async function openImages(ref: ImageData, world: ImageWorld): Promise<ImageTable> {
  const readers = { folder: openFolders, idx: openIdx, records: openRecords };
  const table = await readers[imageFormatOf(ref)](ref, world);
  imageColumn(table, ref.label, ref);
  if (table.rows > 0) return table;
  throw new FedtuneError("data-invalid", `Cannot use ${ref.path}: it has no images`, {
    data: { path: ref.path },
  });
}
