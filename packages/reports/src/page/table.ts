/** Tables of a page: a caption, a head, rows; numbers stand at the right. */
import { html, textHtml, type Html } from "./html.ts";
import type { Text } from "@fedtune/figures";

/** A column. */
export interface Column {
  readonly name: string;
  readonly isNumber?: boolean;
}

/** A table. */
export interface TableContent {
  /** Read out where the table is entered; shown where `isShown`. */
  readonly caption: string;
  readonly isCaptionShown?: boolean;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly (Text | Html)[])[];
}

const cellHtml = (cell: Text | Html): Html =>
  typeof cell === "object" && "markup" in cell ? cell : textHtml(cell);

/** A table that scrolls sideways where it has no room; the first cell of a row is its head. */
export function tableHtml({ caption, isCaptionShown, columns, rows }: TableContent): Html {
  const head = columns.map(
    ({ name, isNumber }) =>
      html`<th scope="col" class="${isNumber === true ? "number" : ""}">${name}</th>`,
  );
  const body = rows.map((row) => {
    const cells = row.map((cell, at) => {
      const content = cellHtml(cell);
      if (at === 0) return html`<th scope="row">${content}</th>`;
      return html`<td class="${columns[at]?.isNumber === true ? "number" : ""}">${content}</td>`;
    });
    return html`<tr>
      ${cells}
    </tr>`;
  });
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption class="${isCaptionShown === true ? "" : "unseen"}">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div> `;
}
