/** What dealing a data set looks at: labels, and one more column. */
import { formatOf, imageColumn, languageColumns, openImages, readRows } from "@fedtune/training";
import type { ExampleData, FileData, FileSource, ImageData, ImageWorld } from "@fedtune/training";

/** One entry for each row. */
export interface DataTable {
  /** Empty texts where the task has no labels. */
  readonly labels: readonly string[];
  /** Empty texts where no column was asked for. */
  readonly column: readonly string[];
}

/** What is looked at. */
interface Wanted {
  readonly column: string | null;
  readonly hasLabels: boolean;
}

/** Reads the two columns; pictures are not decoded. @throws FedtuneError `data-invalid` */
export function readTable(
  data: ExampleData,
  wanted: Wanted,
  world: ImageWorld,
): Promise<DataTable> {
  return data.kind === "images"
    ? imageTable(data, wanted, world)
    : textTable(data, wanted, world.files);
}

async function imageTable(
  data: ImageData,
  { column }: Wanted,
  world: ImageWorld,
): Promise<DataTable> {
  const images = await openImages(data, world);
  const labels = imageColumn(images, data.label, data);
  return {
    labels,
    column: column === null ? labels.map(() => "") : imageColumn(images, column, data),
  };
}

async function textTable(
  data: FileData,
  { column, hasLabels }: Wanted,
  files: FileSource,
): Promise<DataTable> {
  // A language model's rows are all of one kind.
  const texts = hasLabels ? [data.label] : languageColumns(data).slice(0, 1);
  const columns = [...texts, ...(column === null ? [] : [column])];
  const request = { path: data.path, format: formatOf(data), columns };
  const labels: string[] = [];
  const values: string[] = [];
  for await (const row of readRows(files.stream(data.path), request)) {
    const [label = "", value = ""] = row.values;
    labels.push(hasLabels ? label : "");
    values.push(value);
  }
  return { labels, column: values };
}
