import { textParts, type Text } from "@fedtune/figures";

/** What a text needs to be shown. */
export interface RichTextProps {
  readonly text: Text;
}

/** Text whose exponents are raised; the typeface has no superscript digits of its own. */
export const RichText = ({ text }: RichTextProps) =>
  textParts(text).map((part, index) =>
    // The parts of one text never change places.
    typeof part === "string" ? part : <sup key={index}>{part.raised}</sup>,
  );
