/** Drawings as PNG files. Loads a native canvas, so this module is imported only where it is needed. */
import { Path2D as CanvasPath, GlobalFonts, createCanvas } from "@napi-rs/canvas";
import { drawScene, type Scene } from "@fedtune/figures";
import { coverageOf } from "./coverage.ts";
import { runsOf, type Coverage } from "./runs.ts";
import { fontFile, subsets, weights } from "./typeface.ts";

/** Draws a scene, `scale` px of the image to each of its own. */
export type DrawPng = (scene: Scene, scale?: number) => Promise<Uint8Array>;

/** A family of our own for each file, so that no installed font of the same name takes its place. */
const family = (subset: string, weight: number): string => `fedtune ${subset} ${String(weight)}`;

/**
 * Makes the drawer, with the typeface from its files alone.
 *
 * @throws Error where a font cannot be used
 */
export async function pngDrawer(): Promise<DrawPng> {
  const coverage: Coverage = await Promise.all(
    subsets.map(async (subset) => [subset, await register(subset)] as const),
  );
  return async (scene, scale = 2) => {
    const canvas = createCanvas(Math.round(scene.width * scale), Math.round(scene.height * scale));
    const context = canvas.getContext("2d");
    // What the host speaks must not choose shapes of letters.
    context.lang = "en";
    context.scale(scale, scale);
    const pen = {
      context,
      path: (data?: string) => new CanvasPath(data),
      typeset: (text: string, size: number, weight: number) =>
        runsOf(text, coverage).map((run) => ({
          text: run.text,
          font: `${String(size)}px "${family(run.subset, weight)}"`,
        })),
    };
    drawScene(pen, scene);
    return canvas.encode("png");
  };
}

/** Makes a part of the typeface known in all weights; the result is what characters it has. */
async function register(subset: (typeof subsets)[number]): Promise<ReadonlySet<number>> {
  let characters: ReadonlySet<number> = new Set();
  for (const weight of weights) {
    const bytes = await fontFile(subset, weight);
    const name = family(subset, weight);
    if (!GlobalFonts.has(name) && GlobalFonts.register(Buffer.from(bytes), name) === null) {
      throw new Error(`Cannot use the font ${name}`);
    }
    characters = coverageOf(bytes);
  }
  return characters;
}
