/** A compared value's line as it is drawn, small, for tables. */
import { seriesStyle } from "@fedtune/figures";
import { html, type Html } from "./html.ts";

/** The name of a compared value behind its line. */
export function namedSwatch(values: readonly string[], value: string): Html {
  const { colour, dash, width } = seriesStyle(values.indexOf(value));
  if (values.length < 2) return html`${value}`;
  return html`<svg class="swatch" width="26" height="8" aria-hidden="true">
      <path
        d="M0,4H26"
        stroke="var(--${colour})"
        stroke-width="${width}"
        stroke-dasharray="${dash.join(" ")}"
      /></svg
    >${value}`;
}
