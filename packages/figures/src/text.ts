/** Text with raised parts: the page's typeface has no superscript minus, so exponents are set, not typed. */

/** A raised part. */
export interface Superscript {
  readonly raised: string;
}

/** Text as it is set: plain, or parts of which some are raised. */
export type Text = string | readonly (string | Superscript)[];

/** The parts of a text; a plain string is its own only part. */
export const textParts = (text: Text): readonly (string | Superscript)[] =>
  typeof text === "string" ? [text] : text;

/** Texts one after the other as one text. */
export const joinTexts = (...texts: readonly Text[]): Text => texts.flatMap(textParts);

/** The same in one string, for labels, files and terminals: `10^−5`. */
export const plainText = (text: Text): string =>
  textParts(text)
    .map((part) => (typeof part === "string" ? part : `^${part.raised}`))
    .join("");
