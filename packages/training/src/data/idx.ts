/** IDX files, as MNIST has them: one of images, one of labels (LeCun, Cortes and Burges, "The MNIST database"). */
import { invalidImages, namedColumn, readUnpacked } from "./image-table.ts";
import type { ImageSet, ImageTable, ImageWorld } from "./image-table.ts";

/** Two zero bytes, 8 for bytes, the number of dimensions. */
const IMAGES = 0x0803;
const LABELS = 0x0801;

/**
 * Opens the pair of which `path` is the images, [count, height, width] bytes; the labels lie beside, where the name has
 * `labels-idx1` for `images-idx3`.
 *
 * @throws FedtuneError `data-invalid`, `file-missing`
 */
export async function openIdx(set: ImageSet, world: ImageWorld): Promise<ImageTable> {
  const { path, label } = set;
  const labelPath = path.replace(/images([-.])idx3/i, "labels$1idx1");
  if (labelPath === path)
    throw invalidImages(path, 'its name was wanted with "images-idx3" in it, to find the labels');
  const images = readIdx(await readUnpacked(path, world), { path, magic: IMAGES });
  const labels = readIdx(await readUnpacked(labelPath, world), { path: labelPath, magic: LABELS });
  const [rows = 0, height = 0, width = 0] = images.shape;
  const [labelled = 0] = labels.shape;
  if (labelled !== rows)
    throw invalidImages(path, `it has ${rows} images, but ${labelPath} has ${labelled} labels`);
  const names = await namedColumn(labels.values, label, { path, files: world.files });
  const size = height * width;
  return {
    rows,
    columns: new Map([[label, names]]),
    place: (row) => `${path}, image ${row}`,
    picture(row) {
      const pixels = images.values.subarray(row * size, (row + 1) * size);
      return Promise.resolve({ height, width, channels: 1, pixels });
    },
  };
}

interface IdxArray {
  readonly shape: readonly number[];
  readonly values: Uint8Array;
}

function readIdx(
  bytes: Uint8Array,
  { path, magic }: { readonly path: string; readonly magic: number },
): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const found = bytes.length < 4 ? null : view.getUint32(0);
  if (found !== magic)
    throw invalidImages(path, `it begins with ${found ?? "nothing"}, wanted ${magic}`, { found });
  const axes = magic & 0xff;
  const start = 4 + 4 * axes;
  const shape = Array.from({ length: bytes.length < start ? 0 : axes }, (_, axis) =>
    view.getUint32(4 + 4 * axis),
  );
  const size = shape.reduce((product, extent) => product * extent, 1);
  const has = bytes.length - start;
  if (shape.length === 0 || has !== size || (axes > 1 && shape.includes(0)))
    throw invalidImages(path, `it holds ${has} bytes after its header of [${shape.join(", ")}]`);
  return { shape, values: bytes.subarray(start) };
}
