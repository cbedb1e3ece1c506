/** Images of a data reference as a model takes them, kept as bytes so that each round and each partition reads them once. */
import type { ImageConfig } from "../models/family.ts";
import { chunks } from "./batch.ts";
import { openCache } from "./cache.ts";
import { drawOf } from "./holdout.ts";
import type { ImageExample } from "./image-batch.ts";
import type { ImageData } from "./image-reference.ts";
import { imageColumn, invalidImages } from "./image-table.ts";
import type { ImageTable, ImageWorld } from "./image-table.ts";
import { checkLabels, unknownLabel } from "./labels.ts";
import { openImages } from "./open-images.ts";
import { pickRows } from "./pick-rows.ts";
import type { PickableRow } from "./pick-rows.ts";
import { fitPicture } from "./picture.ts";

/** What turns images into examples. */
export interface ImageOptions {
  /** The task's ordered labels. */
  readonly labels: readonly string[];
  /** What the model takes. */
  readonly image: Pick<ImageConfig, "height" | "width" | "channels"> & {
    readonly scaling: Pick<ImageConfig["scaling"], "resizes">;
  };
}

/** Reads references to images. */
export interface ImageStore {
  /**
   * The referenced examples in the order of the set.
   *
   * @throws FedtuneError `data-invalid` for broken files and zero rows, `label-unknown` for a label outside the list
   */
  load(ref: ImageData, options: ImageOptions): Promise<readonly ImageExample[]>;
}

interface ImageRow extends PickableRow {
  readonly example: ImageExample;
  readonly place: string;
}

/** Opens a store. Memory grows with the sets that are in use, at most eight, by a byte for each number of their pictures. */
export function openImageStore(world: ImageWorld): ImageStore {
  const tables = openCache<readonly ImageRow[]>();
  return {
    async load(ref, options) {
      const { rows: _rows, holdout: _holdout, where, ...set } = ref;
      const key = JSON.stringify([set, where?.column ?? null, options]);
      const rows = await tables.get(key, async () =>
        readRows(await openImages(ref, world), ref, options),
      );
      return pickRows(rows, ref).map((row) => labelled(row, ref, options.labels));
    },
  };
}

/** The labels of a set, distinct and in code unit order, numbers in theirs. @throws FedtuneError `data-invalid` */
export async function discoverImageLabels(
  ref: ImageData,
  world: ImageWorld,
): Promise<readonly string[]> {
  const found = [...new Set(imageColumn(await openImages(ref, world), ref.label, ref))];
  const isNumbers = found.every((label) => /^\d+$/.test(label));
  found.sort((a, b) => (isNumbers ? Number(a) - Number(b) : a < b ? -1 : 1));
  return checkLabels(found, ref);
}

/** Pictures that are decoded at the same time. */
const AT_ONCE = 16;

async function readRows(
  table: ImageTable,
  ref: ImageData,
  options: ImageOptions,
): Promise<readonly ImageRow[]> {
  const indices = new Map(options.labels.map((label, index) => [label, index]));
  const labels = imageColumn(table, ref.label, ref);
  const filter = ref.where === null ? [] : imageColumn(table, ref.where.column, ref);
  const rowOf = async (row: number): Promise<ImageRow> => {
    const pixels = await pixelsOf(table, row, options);
    const label = labels[row] ?? "";
    return {
      example: { pixels, label: indices.get(label) ?? -1 },
      ...{ label, place: table.place(row), where: filter[row] ?? "" },
      draw: drawOf(textOf(pixels), null),
    };
  };
  const rows: ImageRow[] = [];
  for (const part of chunks([...labels.keys()], AT_ONCE))
    rows.push(...(await Promise.all(part.map(rowOf))));
  return rows;
}

async function pixelsOf(
  table: ImageTable,
  row: number,
  { image }: ImageOptions,
): Promise<Uint8Array> {
  const picture = await table.picture(row);
  const { height, width } = picture;
  const fits = height === image.height && width === image.width;
  if (fits || image.scaling.resizes) return fitPicture(picture, image).pixels;
  const wanted = `${image.height} x ${image.width}, since its preprocessor_config.json says do_resize: false`;
  const what = `it has ${height} x ${width} pixels, the base model wants ${wanted}`;
  throw invalidImages(table.place(row), what, { height, width });
}

/** Bytes as a text that names them. */
function textOf(pixels: Uint8Array): string {
  let text = "";
  for (let at = 0; at < pixels.length; at += 4096)
    text += String.fromCharCode(...pixels.subarray(at, at + 4096));
  return text;
}

function labelled(
  { example, label, place }: ImageRow,
  { path, label: column }: ImageData,
  labels: readonly string[],
): ImageExample {
  if (example.label >= 0) return example;
  const at = { place: `${place}: column "${column}"`, data: { path, image: place, column } };
  throw unknownLabel(label, labels, at);
}
