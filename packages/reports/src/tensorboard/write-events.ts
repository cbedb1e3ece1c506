/** Experiments for TensorBoard: a folder per cell with one event file. */
import { join } from "node:path";
import { cellTitle, stepsOf } from "../cell-metrics.ts";
import { replaceFile } from "../files/write-file.ts";
import type { LabelledResult } from "../summary/layout.ts";
import { eventFile } from "./records.ts";

/** Letters, digits and a few signs; every file system has them. */
const safeName = (text: string): string =>
  text.replace(/[^A-Za-z0-9._=-]+/g, "_").slice(0, 120) || "_";

/**
 * Writes `<folder>/<experiment>/<cell>/events.out.tfevents.0.fedtune` for every cell. Times are virtual seconds from 0, so
 * that the same cells give the same bytes.
 *
 * @throws FedtuneError `storage-failed` with the path
 */
export async function writeEvents(
  experiments: readonly LabelledResult[],
  folder: string,
): Promise<void> {
  for (const { label, result } of experiments) {
    for (const cell of result.cells) {
      // Titles may be cut or alike once they are safe; hashes are not.
      const name = `${safeName(cellTitle(cell))}-${cell.hash.slice(0, 8)}`;
      const path = join(folder, safeName(label), name, "events.out.tfevents.0.fedtune");
      const events = stepsOf(cell).map(({ step, seconds, values }) => {
        return { step, wallTime: seconds, values };
      });
      await replaceFile(path, eventFile(events));
    }
  }
}
