/** A drawing on a canvas, for images: the page's typeface is at hand there, which a loose SVG file cannot count on. */
import {
  palettes,
  raise,
  textParts,
  type Palette,
  type Scene,
  type Shape,
  type Stroke,
} from "@fedtune/figures";

const face = '"IBM Plex Sans Variable", system-ui, sans-serif';

interface Pen {
  readonly context: CanvasRenderingContext2D;
  readonly palette: Palette;
}

function strokePath({ context, palette }: Pen, path: Path2D, stroke: Stroke): void {
  context.strokeStyle = palette[stroke.colour];
  context.lineWidth = stroke.width;
  context.lineJoin = "round";
  context.setLineDash([...(stroke.dash ?? [])]);
  context.stroke(path);
}

function drawText({ context, palette }: Pen, shape: Extract<Shape, { type: "text" }>): void {
  const { size = 12, weight = 400, anchor = "start" } = shape;
  const font = (part: number): string => `${String(weight)} ${String(part)}px ${face}`;
  const parts = textParts(shape.text).map((part) => {
    const isRaised = typeof part !== "string";
    const text = isRaised ? part.raised : part;
    context.font = font(isRaised ? size * raise.size : size);
    return { text, isRaised, width: context.measureText(text).width };
  });
  const whole = parts.reduce((sum, part) => sum + part.width, 0);
  let x = shape.x - (anchor === "end" ? whole : anchor === "middle" ? whole / 2 : 0);
  context.fillStyle = palette[shape.fill];
  for (const { text, isRaised, width } of parts) {
    context.font = font(isRaised ? size * raise.size : size);
    context.fillText(text, x, shape.y - (isRaised ? raise.by * size : 0));
    x += width;
  }
}

function drawPainted(pen: Pen, shape: Exclude<Shape, { type: "text" | "clip" | "group" }>): void {
  const { context, palette } = pen;
  const path = new Path2D(shape.type === "path" ? shape.d : undefined);
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

/** A drawing as a PNG, `scale` px of the image to each of its own; throws where the browser gives no canvas. */
export async function pngOf(scene: Scene, scale = 2): Promise<Blob> {
  await document.fonts.ready;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(scene.width * scale);
  canvas.height = Math.round(scene.height * scale);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser gives no canvas to draw the image on");
  context.scale(scale, scale);
  const palette = palettes.light;
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, scene.width, scene.height);
  drawShapes({ context, palette }, scene.shapes);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error("This browser could not write the image"));
      else resolve(blob);
    }, "image/png");
  });
}
