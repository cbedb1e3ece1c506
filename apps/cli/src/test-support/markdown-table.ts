/** A Markdown table as the formatter writes it; the first row is the heading. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const widths = head.map((_, k) => Math.max(3, ...rows.map((cells) => cells[k]?.length ?? 0)));
  const line = (cells: readonly string[], fill: string): string =>
    `| ${cells.map((cell, k) => cell.padEnd(widths[k] ?? 0, fill)).join(" | ")} |`;
  const dashes = head.map(() => "");
  return [line(head, " "), line(dashes, "-"), ...body.map((cells) => line(cells, " "))].join("\n");
}
