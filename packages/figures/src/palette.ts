/** The colours of both themes by token, for figures outside of a page; the pages' tokens hold the same values. */

const light = {
  page: "#f6f6f2",
  surface: "#ffffff",
  sunken: "#eeeee8",
  line: "#dcdcd3",
  "line-strong": "#85877c",
  wall: "#1a1c18",
  ink: "#1a1c18",
  "ink-2": "#474a42",
  "ink-3": "#63665c",
  accent: "#1f5ed9",
  "accent-soft": "#e2ebfc",
  ok: "#106658",
  "ok-soft": "#dcf0ea",
  wait: "#7c5a03",
  "wait-soft": "#f8edd2",
  bad: "#930f35",
  "bad-soft": "#fae3e9",
  idle: "#5d6057",
  "idle-soft": "#ebebe5",
  privacy: "#5d3075",
  "privacy-soft": "#f0e6f5",
  s1: "#3271ee",
  s2: "#ab2a09",
  s3: "#277a55",
  s4: "#9d538a",
  s5: "#ac8622",
  s6: "#0a5252",
  s7: "#d5607b",
  s8: "#4725a6",
  q0: "#eef1f5",
  q1: "#d3deeb",
  q2: "#adc5de",
  q3: "#7fa6cd",
  q4: "#5184b8",
  q5: "#2b629b",
  q6: "#134277",
} as const;

/** A colour by its role; in a page the custom property of the same name. */
export type ColourToken = keyof typeof light;

/** A theme's colour for every token, `#rrggbb`. */
export type Palette = Readonly<Record<ColourToken, string>>;

/** Both themes. Contrast and distances are kept by a test; see `colour-sight`. */
export const palettes = {
  light,
  dark: {
    page: "#121411",
    surface: "#1a1c19",
    sunken: "#232622",
    line: "#343831",
    "line-strong": "#7e8379",
    wall: "#c9ccc2",
    ink: "#eceee6",
    "ink-2": "#c0c3b9",
    "ink-3": "#9a9e93",
    accent: "#5f9bf0",
    "accent-soft": "#172a46",
    ok: "#74e0d0",
    "ok-soft": "#12302b",
    wait: "#f2b65f",
    "wait-soft": "#372912",
    bad: "#f95e7c",
    "bad-soft": "#3d1821",
    idle: "#a5a89d",
    "idle-soft": "#2a2d28",
    privacy: "#d6b4fd",
    "privacy-soft": "#2e2340",
    s1: "#6ab3fd",
    s2: "#de401b",
    s3: "#4b916e",
    s4: "#a45990",
    s5: "#e7d57e",
    s6: "#35e0d8",
    s7: "#ee8d9f",
    s8: "#6a6dee",
    q0: "#20262d",
    q1: "#22374b",
    q2: "#264b6d",
    q3: "#2f6592",
    q4: "#4685b8",
    q5: "#77abd6",
    q6: "#bddcf5",
  },
} as const satisfies Record<"light" | "dark", Palette>;

/** The series' colours in their order. */
export const seriesColours = ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"] as const;
/** The heat map's steps, low to high. */
export const heatColours = ["q0", "q1", "q2", "q3", "q4", "q5", "q6"] as const;

/** How a series is told apart: colour and dash; never colour alone. */
export interface SeriesStyle {
  readonly colour: ColourToken;
  /** Lengths of strokes and gaps in px; empty: solid. */
  readonly dash: readonly number[];
  /** Of the line, px. */
  readonly width: number;
}

const dashes: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 4, 2, 4]];

/** The look of the series with this index: eight coloured ones, all others thin and without colour. */
export function seriesStyle(index: number): SeriesStyle {
  const colour = seriesColours[index];
  if (colour === undefined) return { colour: "line-strong", dash: [], width: 1 };
  return { colour, dash: dashes[index % dashes.length] ?? [], width: index < 4 ? 2 : 2.5 };
}
