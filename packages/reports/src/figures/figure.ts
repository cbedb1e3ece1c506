/** What a figure of a report is: its words, and a drawing for any width. */
import { sheetScene, type Scene, type Text } from "@fedtune/figures";

/** A figure. */
export interface ReportFigure {
  /** Of its files, without ending. */
  readonly name: string;
  readonly title: string;
  /** The unit. */
  readonly subtitle?: Text | undefined;
  /** What is drawn: mean of what, which interval, what is left out. */
  readonly foot: string;
  /** Read out instead of the drawing. */
  readonly description: string;
  readonly draw: (width: number) => Scene;
}

/** Width of drawings in files and on wide pages, px; with the sheet's margins a file is 792 px wide. */
export const wideWidth = 760;
/** Width of drawings on phones, px. */
export const narrowWidth = 326;

/** The figure as a file shows it, with its words around it and a line that says where it comes from. */
export function figureSheet(figure: ReportFigure, origin: string): Scene {
  const { title, subtitle, foot, draw } = figure;
  const sheet = sheetScene(draw(wideWidth), { title, subtitle, foot: `${foot} ${origin}` });
  return { ...sheet, height: sheet.height + 4 };
}
