import { palettes } from "@fedtune/figures";
import { encode } from "uqr";
import styles from "./qr-code.module.css";

/** What a camera reads. */
export interface QrCodeProps {
  readonly text: string;
  /** What it leads to ("Invitation to message-triage"). */
  readonly label: string;
  /** In px; default 200. */
  readonly size?: number;
}

/** A path of one square per dark module. */
export function qrPath(text: string): { readonly path: string; readonly modules: number } {
  const { data, size } = encode(text, { ecc: "M", border: 0 });
  const squares = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  return { path: squares.join(""), modules: size };
}

/** Modules of light around it, as the standard asks. */
const quiet = 4;

/** A QR code, dark on light in either theme: many cameras read no other. */
export function QrCode({ text, label, size = 200 }: QrCodeProps) {
  const { path, modules } = qrPath(text);
  const whole = modules + 2 * quiet;
  return (
    <svg
      role="img"
      aria-label={`QR code: ${label}`}
      width={size}
      height={size}
      viewBox={`${-quiet} ${-quiet} ${whole} ${whole}`}
      shapeRendering="crispEdges"
      className={styles["code"]}
    >
      <rect x={-quiet} y={-quiet} width={whole} height={whole} fill={palettes.light.surface} />
      <path d={path} fill={palettes.light.ink} />
    </svg>
  );
}
