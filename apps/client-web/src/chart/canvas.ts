/** A drawing on a canvas, for images: the page's typeface is at hand there, which a loose SVG file cannot count on. */
import { drawScene, type Scene } from "@fedtune/figures";

const face = '"IBM Plex Sans Variable", system-ui, sans-serif';

/** A drawing as a PNG, `scale` px of the image to each of its own; throws where the browser gives no canvas. */
export async function pngOf(scene: Scene, scale = 2): Promise<Blob> {
  await document.fonts.ready;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(scene.width * scale);
  canvas.height = Math.round(scene.height * scale);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser gives no canvas to draw the image on");
  context.scale(scale, scale);
  const pen = {
    context,
    path: (data?: string) => new Path2D(data),
    typeset: (text: string, size: number, weight: number) => [
      { text, font: `${String(weight)} ${String(size)}px ${face}` },
    ],
  };
  drawScene(pen, scene);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error("This browser could not write the image"));
      else resolve(blob);
    }, "image/png");
  });
}
