/** Records of one size: a byte for each column, then planes of pixels, as CIFAR-10's binary files have them. */
import { invalidImages, namedColumn, readUnpacked } from "./image-table.ts";
import type { ImageSet, ImageTable, ImageWorld } from "./image-table.ts";

/** Opens a file of records. @throws FedtuneError `data-invalid` */
export async function openRecords(set: ImageSet, world: ImageWorld): Promise<ImageTable> {
  const { path, columns, recordSize } = set;
  const [height, width, channels] = recordSize;
  const bytes = await readUnpacked(path, world);
  const plane = height * width;
  const size = columns.length + channels * plane;
  if (bytes.length % size !== 0) {
    const wanted = `${size} (${columns.length} for ${columns.join(", ")}, ${channels} x ${height} x ${width} of pixels)`;
    throw invalidImages(path, `its ${bytes.length} bytes are not whole records of ${wanted}`);
  }
  const rows = bytes.length / size;
  const named = new Map<string, readonly string[]>();
  for (const [place, column] of columns.entries()) {
    const numbers = Uint8Array.from({ length: rows }, (_, row) => bytes[row * size + place] ?? 0);
    named.set(column, await namedColumn(numbers, column, { path, files: world.files }));
  }
  return {
    rows,
    columns: named,
    place: (row) => `${path}, image ${row}`,
    picture(row) {
      const start = row * size + columns.length;
      const pixels = new Uint8Array(channels * plane);
      for (let at = 0; at < plane; at++)
        for (let channel = 0; channel < channels; channel++)
          pixels[at * channels + channel] = bytes[start + channel * plane + at] ?? 0;
      return Promise.resolve({ height, width, channels, pixels });
    },
  };
}
