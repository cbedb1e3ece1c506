/** How far clients are apart, where they evaluate. */
import type { Summary } from "../summary/summarize.ts";
import { meanText, metricKind, metricName } from "../words.ts";
import { html, type Html } from "./html.ts";
import { namedSwatch } from "./swatch.ts";
import { tableHtml } from "./table.ts";

const right = { isNumber: true } as const;

/** The section of clients; nothing where none evaluates. */
export function spreadHtml({ panels, question, values, compared }: Summary): Html {
  const kind = metricKind(question.metric);
  const tables = panels.flatMap(({ label, groups }) => {
    const rows = groups.flatMap(({ value, outcome: { spread } }) =>
      spread === null
        ? []
        : [
            [
              namedSwatch(values, value),
              meanText(kind, spread.worst),
              meanText(kind, spread.best),
              meanText(kind, spread.deviation),
              String(spread.clients),
            ],
          ],
    );
    if (rows.length === 0) return [];
    const columns = [
      { name: compared === "" ? "Setting" : compared },
      { ...right, name: "Worst client" },
      { ...right, name: "Best client" },
      { ...right, name: "Deviation over clients" },
      { ...right, name: "Clients" },
    ];
    const caption = label === "" ? "Clients" : label;
    return [
      html`<div class="panel">
        ${tableHtml({ caption, isCaptionShown: label !== "", columns, rows })}
      </div>`,
    ];
  });
  if (tables.length === 0) return html``;
  return html`<section aria-labelledby="clients">
    <h2 id="clients">How far clients are apart</h2>
    <div class="card">
      ${tables}
      <p class="foot">
        ${metricName(question.metric)} on each client's own evaluation data after the last round;
        means over seeds ± half of the 95 % interval.
      </p>
    </div>
  </section> `;
}
