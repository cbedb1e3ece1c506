/** How wide text is, without a browser: advance widths of IBM Plex Sans 500, in thousandths of its size. */
import { plainText, textParts, type Text } from "../text.ts";

/** U+0020 to U+007E. Figures all have one width, which is why live numbers stand still. */
const advances = [
  236, 299, 451, 678, 599, 947, 706, 253, 336, 336, 514, 600, 288, 401, 288, 416, 600, 600, 600,
  600, 600, 600, 600, 600, 600, 600, 308, 308, 600, 600, 600, 487, 896, 660, 659, 634, 682, 593,
  570, 705, 714, 414, 531, 660, 513, 815, 714, 711, 627, 711, 655, 599, 577, 685, 627, 926, 639,
  617, 592, 324, 416, 324, 600, 561, 600, 549, 592, 509, 592, 555, 340, 538, 580, 265, 265, 548,
  285, 882, 580, 562, 592, 592, 383, 494, 365, 580, 512, 799, 530, 514, 487, 355, 352, 355, 600,
];
/** Of everything else: Greek, accents and signs are about as wide as a figure. */
const usual = 600;
const narrow = 180;
const raisedSize = 0.75;

function advance(character: string): number {
  if (character === "\u202F") return narrow;
  return advances[(character.codePointAt(0) ?? 0) - 32] ?? usual;
}

const plainWidth = (text: string, size: number): number => {
  let sum = 0;
  for (const character of text) sum += advance(character);
  return (sum / 1000) * size;
};

/** The width of a text at a size, both in px; other weights differ by some 2 %. */
export function textWidth(text: Text, size: number): number {
  let sum = 0;
  for (const part of textParts(text)) {
    sum +=
      typeof part === "string"
        ? plainWidth(part, size)
        : plainWidth(part.raised, size * raisedSize);
  }
  return sum;
}

/** Breaks a text into lines no wider than `width` px, between words and after hyphens; a longer word stays whole. */
export function wrapText(text: Text, size: number, width: number): string[] {
  const pieces = plainText(text).match(/[^\s-]+-?|-|\s+/g) ?? [];
  const lines: string[] = [];
  let line = "";
  for (const piece of pieces) {
    const longer = line + piece;
    if (line.trim() !== "" && plainWidth(longer.trimEnd(), size) > width) {
      lines.push(line.trim());
      line = piece.trimStart();
    } else line = longer;
  }
  if (line.trim() !== "") lines.push(line.trim());
  return lines;
}
