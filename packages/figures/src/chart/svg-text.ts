/** A drawing as a file of its own: SVG text with its colours inside, for exports, print and reports. */
import { palettes, type Palette } from "../palette.ts";
import { textParts } from "../text.ts";
import { px, type Scene, type Shape, type TextShape } from "./scene.ts";

/** What a file says of itself. */
export interface SvgStyle {
  /** Read out instead of the drawing. */
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** Default: light, as on paper. */
  readonly palette?: Palette | undefined;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** XML 1.0 has no place for control characters but these three, nor for the last two of the first plane. */
const isXml = (character: string): boolean =>
  character >= " "
    ? character !== "\uFFFE" && character !== "\uFFFF"
    : "\t\n\r".includes(character);

/** Text that is safe inside of elements and attributes. */
const escapeXml = (text: string): string =>
  Array.from(text)
    .filter(isXml)
    .map((character) => entities[character] ?? character)
    .join("");

type Attributes = Readonly<Record<string, string | number | undefined>>;

function element(name: string, attributes: Attributes, content = ""): string {
  const set = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [` ${key}="${typeof value === "number" ? px(value) : escapeXml(value)}"`],
  );
  return `<${name}${set.join("")}${content === "" ? "/>" : `>${content}</${name}>`}`;
}

/** The same drawing as SVG text: no style sheet, no script, no address of anything else. */
export function svgText(scene: Scene, style: SvgStyle = {}): string {
  const palette = style.palette ?? palettes.light;
  const { width, height } = scene;
  const words = [
    style.title === undefined ? "" : element("title", {}, escapeXml(style.title)),
    style.description === undefined ? "" : element("desc", {}, escapeXml(style.description)),
  ];
  const ground = element("rect", { width, height, fill: palette.surface });
  const shapes = scene.shapes.map((shape) => shapeText(shape, palette));
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      ...{ width, height, viewBox: `0 0 ${px(width)} ${px(height)}` },
      "font-family": "IBM Plex Sans, IBM Plex Sans Variable, system-ui, sans-serif",
      ...(style.title === undefined ? {} : { role: "img" }),
    },
    [...words, ground, ...shapes].join(""),
  );
}

function paint(
  shape: Exclude<Shape, { type: "text" | "clip" | "group" }>,
  palette: Palette,
): Attributes {
  const { fill, stroke, opacity } = shape;
  return {
    fill: fill === undefined ? "none" : palette[fill],
    stroke: stroke && palette[stroke.colour],
    "stroke-width": stroke?.width,
    "stroke-dasharray": stroke?.dash?.length ? stroke.dash.join(" ") : undefined,
    "stroke-linejoin": stroke && "round",
    opacity,
  };
}

function shapeText(shape: Shape, palette: Palette): string {
  switch (shape.type) {
    case "path":
      return shape.d === "" ? "" : element("path", { d: shape.d, ...paint(shape, palette) });
    case "rect": {
      const { x, y, width, height, radius: rx } = shape;
      return element("rect", { x, y, width, height, rx, ...paint(shape, palette) });
    }
    case "circle": {
      const { cx, cy, r } = shape;
      return element("circle", { cx, cy, r, ...paint(shape, palette) });
    }
    case "text":
      return textText(shape, palette);
    case "group": {
      const inside = shape.shapes.map((one) => shapeText(one, palette)).join("");
      return element("g", { transform: `translate(${px(shape.x)} ${px(shape.y)})` }, inside);
    }
    case "clip": {
      const { x, y, width, height } = shape.box;
      const viewBox = [x, y, width, height].map(px).join(" ");
      const inside = shape.shapes.map((one) => shapeText(one, palette)).join("");
      return inside === "" ? "" : element("svg", { x, y, width, height, viewBox }, inside);
    }
  }
}

/** How far a raised part stands above the line, and how large it is, in parts of the size. */
export const raise = { by: 0.35, size: 0.75 } as const;

function textText(shape: TextShape, palette: Palette): string {
  const { x, y, size = 12, weight, anchor } = shape;
  let isRaised = false;
  const content = textParts(shape.text).map((part) => {
    const text = typeof part === "string" ? part : part.raised;
    const wasRaised = isRaised;
    isRaised = typeof part !== "string";
    if (isRaised === wasRaised && !isRaised) return escapeXml(text);
    const dy = (Number(wasRaised) - Number(isRaised)) * raise.by * size;
    const attributes = { dy, "font-size": isRaised ? size * raise.size : undefined };
    return element("tspan", attributes, escapeXml(text));
  });
  const attributes = {
    ...{ x, y, fill: palette[shape.fill], "font-size": size, "font-weight": weight },
    "text-anchor": anchor === "start" ? undefined : anchor,
  };
  return element("text", attributes, content.join(""));
}
