/** How far clients are apart, where they evaluate. */
import type { Summary } from "../summary/summarize.ts";
import { meanText, metricKind, metricName } from "../words.ts";
import { html, type Html } from "./html.ts";
import { namedSwatch } from "./swatch.ts";
import { tableHtml, type TableRow } from "./table.ts";

const right = { isNumber: true } as const;

/** The section of clients; nothing where none evaluates. */
export function spreadHtml({ panels, question, values, compared }: Summary): Html {
  const kind = metricKind(question.metric);
  const groups = panels.flatMap(({ label, groups: members }) => {
    const rows = members.flatMap(({ value, outcome: { spread } }): TableRow[] => {
      if (spread === null) return [];
      const { worst, best, deviation, clients } = spread;
      const texts = [worst, best, deviation].map((mean) => meanText(kind, mean));
      return [[namedSwatch(values, value), ...texts, String(clients)]];
    });
    return rows.length === 0 ? [] : [{ label, rows }];
  });
  if (groups.length === 0) return html``;
  const columns = [
    { name: compared === "" ? "Setting" : compared },
    { ...right, name: "Worst client" },
    { ...right, name: "Best client" },
    { ...right, name: "Deviation over clients" },
    { ...right, name: "Clients" },
  ];
  return html`<section aria-labelledby="clients">
    <h2 id="clients">How far clients are apart</h2>
    <div class="card">
      ${tableHtml({ caption: "Clients", columns, groups })}
      <p class="foot">
        ${metricName(question.metric)} on each client's own evaluation data after the last round;
        means over seeds ± half of the 95 % interval.
      </p>
    </div>
  </section> `;
}
