/** Tables of a page: groups of rows under one head, so that all columns are in line; numbers stand at the right. */
import type { Text } from "@fedtune/figures";
import { html, textHtml, type Html } from "./html.ts";

/** A column. */
export interface Column {
  readonly name: string;
  readonly isNumber?: boolean;
}

/** A row's cells; the first is its head. */
export type TableRow = readonly (Text | Html)[];

/** Rows that belong together. */
export interface RowGroup {
  /** Empty: no heading. */
  readonly label: string;
  readonly rows: readonly TableRow[];
}

/** A table. */
export interface TableContent {
  /** Read out where the table is entered. */
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly groups: readonly RowGroup[];
}

const cellHtml = (cell: Text | Html): Html =>
  typeof cell === "object" && "markup" in cell ? cell : textHtml(cell);

const classOf = (column: Column | undefined): string => (column?.isNumber === true ? "number" : "");

/** A table that scrolls sideways where it has no room. */
export function tableHtml({ caption, columns, groups }: TableContent): Html {
  const head = columns.map(
    (column) => html`<th scope="col" class="${classOf(column)}">${column.name}</th>`,
  );
  const bodies = groups.map(({ label, rows }) => {
    const heading =
      label === ""
        ? null
        : html`<tr class="group">
            <th scope="rowgroup" colspan="${columns.length}">${label}</th>
          </tr>`;
    return html`<tbody>
      ${heading}${rows.map((row) => rowHtml(row, columns))}
    </tbody>`;
  });
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table>
      <caption class="unseen">
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      ${bodies}
    </table>
  </div> `;
}

function rowHtml(row: TableRow, columns: readonly Column[]): Html {
  const cells = row.map((cell, at) =>
    at === 0
      ? html`<th scope="row">${cellHtml(cell)}</th>`
      : html`<td class="${classOf(columns[at])}">${cellHtml(cell)}</td>`,
  );
  return html`<tr>
    ${cells}
  </tr> `;
}
