/** A figure for itself alone, as it leaves the page: title, unit, drawing, foot, and where it comes from. */
import { formatHash } from "../format.ts";
import { textParts, type Text } from "../text.ts";
import type { Provenance } from "./model.ts";
import type { Scene, Shape } from "./scene.ts";
import { wrapText } from "./text-width.ts";

/** What stands around a drawing. */
export interface Sheet {
  readonly title: string;
  readonly subtitle?: Text | undefined;
  readonly foot?: Text | undefined;
  readonly provenance?: Provenance | undefined;
}

const margin = 16;
/** Where the typeface is missing another one takes its place, and most are wider. */
const caution = 0.86;

/** Where figures come from, in one line. */
export const provenanceText = ({ run, configHash, at, isSimulation }: Provenance): string =>
  `${isSimulation === true ? "Simulation. " : ""}Run ${run}, config ${formatHash(configHash)}, ${at}`;

/** The drawing with its words around it. */
export function sheetScene(drawing: Scene, sheet: Sheet): Scene {
  const width = drawing.width + 2 * margin;
  const title: Shape = {
    ...{ type: "text", x: margin, y: 28, text: sheet.title, fill: "ink", size: 14, weight: 600 },
  };
  const subtitle = sheet.subtitle ?? "";
  const shapes: Shape[] = [title];
  if (textParts(subtitle).length > 0) {
    shapes.push({ type: "text", x: margin, y: 46, text: subtitle, fill: "ink-3", size: 13 });
  }
  const top = 56;
  shapes.push({ type: "group", x: margin, y: top, shapes: drawing.shapes });
  let y = top + drawing.height + 18;
  for (const text of wrapText(sheet.foot ?? "", 12, caution * drawing.width)) {
    shapes.push({ type: "text", x: margin, y, text, fill: "ink-3", size: 12 });
    y += 16;
  }
  if (sheet.provenance !== undefined) {
    for (const text of wrapText(provenanceText(sheet.provenance), 12, caution * drawing.width)) {
      shapes.push({ type: "text", x: margin, y, text, fill: "ink-3", size: 12 });
      y += 16;
    }
  }
  return { width, height: y, shapes };
}
