/** Reports as folders: the page, its tables and its figures. */
import { svgText } from "@fedtune/figures";
import type { ExperimentResult } from "@fedtune/simulation";
import { join } from "node:path";
import { figuresOf } from "./figures/all.ts";
import { figureSheet, type ReportFigure } from "./figures/figure.ts";
import { resultsJson } from "./files/results-json.ts";
import { resultsCsv, roundsCsv, summaryCsv } from "./files/tables.ts";
import { replaceFile } from "./files/write-file.ts";
import { pageText } from "./page/page.ts";
import type { DrawPng } from "./png/draw.ts";
import { latinFonts } from "./png/typeface.ts";
import type { LabelledResult } from "./summary/layout.ts";
import { summarize, type Summary } from "./summary/summarize.ts";

/**
 * Writes an experiment's report: `index.html`, `results.json`, `results.csv`, `summary.csv`, `rounds.csv` and `figures/`. The
 * same result gives the same bytes.
 *
 * @throws FedtuneError `storage-failed` with the path where a file cannot be written
 */
export const writeReport = (result: ExperimentResult, folder: string): Promise<void> =>
  writeComparison([{ label: result.experiment.name, result }], folder);

/**
 * Writes one report over several experiments.
 *
 * @throws FedtuneError `config-conflict` where their metrics differ, `storage-failed` with the path
 */
export async function writeComparison(
  experiments: readonly LabelledResult[],
  folder: string,
): Promise<void> {
  const summary = summarize(experiments);
  const figures = figuresOf(summary);
  const note = await writeFigures(figures, { folder, origin: originText(summary) });
  const fonts = await latinFonts();
  const files = {
    "results.json": resultsJson(summary),
    "results.csv": resultsCsv(summary),
    "summary.csv": summaryCsv(summary),
    "rounds.csv": roundsCsv(summary),
    // Last, so that what it links to is there.
    "index.html": pageText(summary, { figures, fonts, hasImages: note === null, note }),
  };
  for (const [name, text] of Object.entries(files)) await replaceFile(join(folder, name), text);
}

/** What every figure says of its origin. */
const originText = ({ experiments }: Summary): string =>
  experiments
    .map(({ label, result }) => `Simulation ${label}, fedtune ${result.version}, ${result.engine}.`)
    .join(" ");

/** Writes all figures; the result says why there are no images, null: there are. */
async function writeFigures(
  figures: readonly ReportFigure[],
  { folder, origin }: { readonly folder: string; readonly origin: string },
): Promise<string | null> {
  const { draw, note } = await openDrawer();
  for (const figure of figures) {
    const sheet = figureSheet(figure, origin);
    const path = join(folder, "figures", figure.name);
    const { title, description } = figure;
    await replaceFile(`${path}.svg`, `${svgText(sheet, { title, description })}\n`);
    if (draw !== null) await replaceFile(`${path}.png`, await draw(sheet));
  }
  return note;
}

/** The way to PNG files, or why there is none: the canvas is a native program that not every machine has. */
async function openDrawer(): Promise<{ draw: DrawPng | null; note: string | null }> {
  try {
    const { pngDrawer } = await import("./png/draw.ts");
    return { draw: await pngDrawer(), note: null };
  } catch {
    const note =
      "The figures are here as SVG only: @napi-rs/canvas, which draws PNG, does not load on this machine.";
    return { draw: null, note };
  }
}
