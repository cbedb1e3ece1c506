import { useEffect, useRef } from "react";

/** A picture of this device. */
export interface SmallPictureProps {
  readonly picture: Blob;
  /** What it shows, for those who do not see it. */
  readonly label: string;
  /** In pixels of its own; style sheets decide how large it is shown. */
  readonly side: number;
  readonly className: string | undefined;
}

/** The middle of a picture as a square, drawn on a canvas: an address of it would need a wider security policy. */
export function SmallPicture({ picture, label, side, className }: SmallPictureProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let isShown = true;
    createImageBitmap(picture).then(
      (bitmap) => {
        const context = canvas.current?.getContext("2d");
        if (isShown && context) drawMiddle(context, bitmap);
        bitmap.close();
      },
      // What cannot be drawn stays empty: its name is there.
      () => undefined,
    );
    return () => {
      isShown = false;
    };
  }, [picture]);
  return (
    <canvas
      ref={canvas}
      role="img"
      aria-label={label}
      width={side}
      height={side}
      className={className}
    />
  );
}

function drawMiddle(context: CanvasRenderingContext2D, bitmap: ImageBitmap): void {
  const { width, height } = context.canvas;
  const side = Math.min(bitmap.width, bitmap.height);
  const [left, top] = [(bitmap.width - side) / 2, (bitmap.height - side) / 2];
  context.imageSmoothingQuality = "high";
  context.clearRect(0, 0, width, height);
  context.drawImage(bitmap, left, top, side, side, 0, 0, width, height);
}
