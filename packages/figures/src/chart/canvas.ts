/** A drawing on a canvas, a page's or a native one: whoever has one brings its context, its paths and its typeface. */
import { palettes, type Palette } from "../palette.ts";
import { textParts } from "../text.ts";
import type { Scene, Shape, Stroke, TextShape } from "./scene.ts";
import { raise } from "./svg-text.ts";

/** What is used of a path. */
export interface CanvasPath {
  roundRect(x: number, y: number, width: number, height: number, radius: number): void;
  arc(x: number, y: number, radius: number, from: number, to: number): void;
}

/** What is used of a two-dimensional context. */
export interface CanvasContext<Path> {
  fillStyle: unknown;
  strokeStyle: unknown;
  lineWidth: number;
  lineJoin: string;
  globalAlpha: number;
  font: string;
  save(): void;
  restore(): void;
  translate(x: number, y: number): void;
  beginPath(): void;
  rect(x: number, y: number, width: number, height: number): void;
  clip(): void;
  setLineDash(dash: number[]): void;
  fill(path: Path): void;
  stroke(path: Path): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number): void;
  measureText(text: string): { readonly width: number };
}

/** A piece of a text and the font that it is set in, as CSS writes it. */
export interface SetText {
  readonly text: string;
  readonly font: string;
}

/** What draws. */
export interface CanvasPen<Path extends CanvasPath> {
  readonly context: CanvasContext<Path>;
  /** A new path, of SVG's path data or empty. */
  path(data?: string): Path;
  /** A text in pieces; `size` in px. */
  typeset(text: string, size: number, weight: number): readonly SetText[];
}

/** Draws a scene on its ground, in px of its own from the upper left corner. */
export function drawScene<Path extends CanvasPath>(pen: CanvasPen<Path>, scene: Scene): void {
  const palette = palettes.light;
  pen.context.fillStyle = palette.surface;
  pen.context.fillRect(0, 0, scene.width, scene.height);
  drawShapes({ ...pen, palette }, scene.shapes);
}

interface Inked<Path extends CanvasPath> extends CanvasPen<Path> {
  readonly palette: Palette;
}

function drawShapes<Path extends CanvasPath>(pen: Inked<Path>, shapes: readonly Shape[]): void {
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

function drawPainted<Path extends CanvasPath>(
  pen: Inked<Path>,
  shape: Exclude<Shape, { type: "text" | "clip" | "group" }>,
): void {
  const { context, palette } = pen;
  const path = pen.path(shape.type === "path" ? shape.d : undefined);
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

function strokePath<Path extends CanvasPath>(
  { context, palette }: Inked<Path>,
  path: Path,
  stroke: Stroke,
): void {
  context.strokeStyle = palette[stroke.colour];
  context.lineWidth = stroke.width;
  context.lineJoin = "round";
  context.setLineDash([...(stroke.dash ?? [])]);
  context.stroke(path);
}

function drawText<Path extends CanvasPath>(pen: Inked<Path>, shape: TextShape): void {
  const { context, palette } = pen;
  const { size = 12, weight = 400, anchor = "start" } = shape;
  const pieces = textParts(shape.text).flatMap((part) => {
    const isRaised = typeof part !== "string";
    const own = isRaised ? size * raise.size : size;
    return pen.typeset(isRaised ? part.raised : part, own, weight).map(({ text, font }) => {
      context.font = font;
      const { width } = context.measureText(text);
      return { text, font, width, rise: isRaised ? raise.by * size : 0 };
    });
  });
  const whole = pieces.reduce((sum, piece) => sum + piece.width, 0);
  let x = shape.x - (anchor === "end" ? whole : anchor === "middle" ? whole / 2 : 0);
  context.fillStyle = palette[shape.fill];
  for (const { text, font, rise, width } of pieces) {
    context.font = font;
    context.fillText(text, x, shape.y - rise);
    x += width;
  }
}
