/** Markup in which text can only be text. */
import { textParts, type Text } from "@fedtune/figures";

/** Markup that is safe to stand in a page. */
export interface Html {
  readonly markup: string;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as it stands inside of elements and quoted attributes. */
const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (character) => entities[character] ?? character);

/** What a template takes: text and numbers are escaped, markup stays as it is, nothing is nothing. */
export type Part = string | number | Html | readonly Html[] | null;

function partMarkup(part: Part): string {
  if (part === null) return "";
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return String(part);
  return "markup" in part ? part.markup : part.map(({ markup }) => markup).join("");
}

/** Markup from a template; attributes in it must be quoted. */
export const html = (strings: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  markup: strings.map((text, at) => text + partMarkup(parts[at] ?? null)).join(""),
});

/** Markup that was made elsewhere, and is safe. */
export const trusted = (markup: string): Html => ({ markup });

/** Text with raised parts. */
export const textHtml = (text: Text): Html => ({
  markup: textParts(text)
    .map((part) =>
      typeof part === "string" ? escapeHtml(part) : `<sup>${escapeHtml(part.raised)}</sup>`,
    )
    .join(""),
});
