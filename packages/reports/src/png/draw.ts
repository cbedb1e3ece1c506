/** Drawings as PNG files. Loads a native canvas, so this module is imported only where it is needed. */
import { Path2D as CanvasPath, GlobalFonts, createCanvas } from "@napi-rs/canvas";
import type { SKRSContext2D } from "@napi-rs/canvas";
import {
  palettes,
  raise,
  textParts,
  type Palette,
  type Scene,
  type Shape,
  type Stroke,
} from "@fedtune/figures";
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
    const pen: Pen = { context, palette: palettes.light, coverage };
    context.fillStyle = pen.palette.surface;
    context.fillRect(0, 0, scene.width, scene.height);
    drawShapes(pen, scene.shapes);
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

interface Pen {
  readonly context: SKRSContext2D;
  readonly palette: Palette;
  readonly coverage: Coverage;
}

function drawShapes(pen: Pen, shapes: readonly Shape[]): void {
  const { context } = pen;
  for (const shape of shapes) {
    if (shape.type === "text") drawText(pen, shape);
    else if (shape.type === "clip" || shape.type === "group") {
      context.save();
      if (shape.type === "group") context.translate(shape.x, shape.y);
      else {
        const { x, y, width, height } = shape.box;
        context.beginPath();
        context.rect(x, y, width, height);
        context.clip();
      }
      drawShapes(pen, shape.shapes);
      context.restore();
    } else drawPainted(pen, shape);
  }
}

function drawPainted(pen: Pen, shape: Exclude<Shape, { type: "text" | "clip" | "group" }>): void {
  const { context, palette } = pen;
  const path = new CanvasPath(shape.type === "path" ? shape.d : undefined);
  if (shape.type === "rect") {
    path.roundRect(shape.x, shape.y, shape.width, shape.height, shape.radius ?? 0);
  }
  if (shape.type === "circle") path.arc(shape.cx, shape.cy, shape.r, 0, 2 * Math.PI);
  context.globalAlpha = shape.opacity ?? 1;
  if (shape.fill !== undefined) {
    context.fillStyle = palette[shape.fill];
    context.fill(path);
  }
  if (shape.stroke !== undefined) strokePath(pen, path, shape.stroke);
  context.globalAlpha = 1;
}

function strokePath({ context, palette }: Pen, path: CanvasPath, stroke: Stroke): void {
  context.strokeStyle = palette[stroke.colour];
  context.lineWidth = stroke.width;
  context.lineJoin = "round";
  context.setLineDash([...(stroke.dash ?? [])]);
  context.stroke(path);
}

function drawText(
  { context, palette, coverage }: Pen,
  shape: Extract<Shape, { type: "text" }>,
): void {
  const { size = 12, weight = 400, anchor = "start" } = shape;
  const parts = textParts(shape.text).flatMap((part) => {
    const isRaised = typeof part !== "string";
    const own = isRaised ? size * raise.size : size;
    return runsOf(isRaised ? part.raised : part, coverage).map(({ subset, text }) => {
      const font = `${String(own)}px "${family(subset, weight)}"`;
      context.font = font;
      return {
        text,
        font,
        rise: isRaised ? raise.by * size : 0,
        width: context.measureText(text).width,
      };
    });
  });
  const whole = parts.reduce((sum, part) => sum + part.width, 0);
  let x = shape.x - (anchor === "end" ? whole : anchor === "middle" ? whole / 2 : 0);
  context.fillStyle = palette[shape.fill];
  for (const { text, font, rise, width } of parts) {
    context.font = font;
    context.fillText(text, x, shape.y - rise);
    x += width;
  }
}
