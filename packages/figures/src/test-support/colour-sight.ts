/** How far apart colours are, for people with usual sight and with each kind of colour blindness. */

type Triple = readonly [number, number, number];
type Matrix = readonly [Triple, Triple, Triple];

/** `#rrggbb` as linear light, 0 to 1. */
function linearOf(hex: string): Triple {
  const channel = (at: number): number => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return [channel(1), channel(3), channel(5)];
}

const times = (matrix: Matrix, v: Triple): Triple => {
  const row = ([a, b, c]: Triple): number => a * v[0] + b * v[1] + c * v[2];
  return [row(matrix[0]), row(matrix[1]), row(matrix[2])];
};

const luminance = (hex: string): number => {
  const [r, g, b] = linearOf(hex);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};

/** Contrast ratio of WCAG 2.2, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Machado, Oliveira and Fernandes 2009, table 1, severity 1.0; they act on linear light. */
export const sights = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
} as const satisfies Record<string, Matrix>;

/** Who looks. */
export type Sight = keyof typeof sights;

const toXyz: Matrix = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];
const whiteD65: Triple = [0.95047, 1, 1.08883];

const clamp = (value: number): number => Math.min(1, Math.max(0, value));

/** CIE L*a*b* of a colour as `sight` sees it. */
export function labOf(hex: string, sight: Sight = "normal"): Triple {
  const [r, g, b] = times(sights[sight], linearOf(hex));
  const xyz = times(toXyz, [clamp(r), clamp(g), clamp(b)]);
  const [fx = 0, fy = 0, fz = 0] = xyz.map((value, i) => {
    const t = value / (whiteD65[i] ?? 1);
    return t > 216 / 24389 ? Math.cbrt(t) : (t * 24389) / 27 / 116 + 16 / 116;
  });
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

const degrees = Math.PI / 180;
const seventh = (chroma: number): number => Math.sqrt(chroma ** 7 / (chroma ** 7 + 25 ** 7));

/** CIEDE2000 of two L*a*b* colours; Sharma, Wu and Dalal 2005, equations 2 to 22. */
export function deltaE2000([l1, a1, b1]: Triple, [l2, a2, b2]: Triple): number {
  const g = 0.5 * (1 - seventh((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2));
  const [x1, x2] = [(1 + g) * a1, (1 + g) * a2];
  const [c1, c2] = [Math.hypot(x1, b1), Math.hypot(x2, b2)];
  const hueOf = (x: number, b: number): number =>
    x === 0 && b === 0 ? 0 : (Math.atan2(b, x) / degrees + 360) % 360;
  const [h1, h2] = [hueOf(x1, b1), hueOf(x2, b2)];
  const isGrey = c1 * c2 === 0;
  const turn = isGrey ? 0 : ((h2 - h1 + 540) % 360) - 180;
  const deltaHue = 2 * Math.sqrt(c1 * c2) * Math.sin((turn / 2) * degrees);
  const far = Math.abs(h1 - h2) > 180;
  const sum = h1 + h2;
  const hue = isGrey ? sum : far ? (sum < 360 ? sum + 360 : sum - 360) / 2 : sum / 2;
  const cos = (angle: number): number => Math.cos(angle * degrees);
  const t =
    1 -
    0.17 * cos(hue - 30) +
    0.24 * cos(2 * hue) +
    0.32 * cos(3 * hue + 6) -
    0.2 * cos(4 * hue - 63);
  const [lightness, chroma] = [(l1 + l2) / 2, (c1 + c2) / 2];
  const scaleL = 1 + (0.015 * (lightness - 50) ** 2) / Math.sqrt(20 + (lightness - 50) ** 2);
  const [scaleC, scaleH] = [1 + 0.045 * chroma, 1 + 0.015 * chroma * t];
  const rotation =
    -Math.sin(60 * Math.exp(-(((hue - 275) / 25) ** 2)) * degrees) * 2 * seventh(chroma);
  const [dl, dc, dh] = [(l2 - l1) / scaleL, (c2 - c1) / scaleC, deltaHue / scaleH];
  return Math.sqrt(dl ** 2 + dc ** 2 + dh ** 2 + rotation * dc * dh);
}

/** The distance of the two closest colours of a set. */
export function closestPair(colours: readonly string[], sight: Sight): number {
  const seen = colours.map((hex) => labOf(hex, sight));
  let least = Infinity;
  seen.forEach((one, i) => {
    for (const other of seen.slice(i + 1)) least = Math.min(least, deltaE2000(one, other));
  });
  return least;
}
