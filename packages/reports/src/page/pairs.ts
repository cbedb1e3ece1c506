/** The paired tests between compared values. */
import type { Pair } from "../summary/pairs.ts";
import type { Summary } from "../summary/summarize.ts";
import { counted, differenceText, metricKind, metricName, probabilityText } from "../words.ts";
import { html, type Html, type Part } from "./html.ts";
import { tableHtml } from "./table.ts";

const none = "\u2013";
const right = { isNumber: true } as const;

/** The section of tests; nothing where nothing is compared. */
export function pairsHtml(summary: Summary): Html {
  const pairs = summary.panels.flatMap((panel) => panel.pairs);
  if (pairs.length === 0) return html``;
  const tables = summary.panels
    .filter((panel) => panel.pairs.length > 0)
    .map(
      (panel) => html`<div class="panel">${pairsTable(summary, panel.label, panel.pairs)}</div>`,
    );
  return html`<section aria-labelledby="pairs">
    <h2 id="pairs">Are the differences real?</h2>
    <div class="card">
      ${tables}
      <p class="foot">${footText(pairs)}</p>
    </div>
  </section> `;
}

function pairsTable({ question }: Summary, label: string, pairs: readonly Pair[]): Html {
  const kind = metricKind(question.metric);
  return tableHtml({
    caption: label === "" ? "Paired tests" : label,
    isCaptionShown: label !== "",
    columns: [
      { name: "Pair, the better one first" },
      { ...right, name: `Difference in ${metricName(question.metric).toLowerCase()}` },
      { ...right, name: "Shared seeds" },
      { ...right, name: "p, t-test" },
      { ...right, name: "p, corrected" },
      { ...right, name: "p, signed ranks" },
      { ...right, name: "p, signs" },
    ],
    rows: pairs.map(({ first, second, n, tests, corrected }) => [
      html`${first} <span class="interval">over</span> ${second}`,
      tests === null ? none : differenceText(kind, tests.difference),
      String(n),
      probabilityText(tests?.t ?? null),
      corrected !== null && corrected < 0.05
        ? strong(probabilityText(corrected))
        : probabilityText(corrected),
      probabilityText(tests?.wilcoxon ?? null),
      probabilityText(tests?.sign ?? null),
    ]),
  });
}

const strong = (part: Part): Html => html`<b>${part}</b>`;

function footText(pairs: readonly Pair[]): string {
  const tested = pairs.filter(({ corrected }) => corrected !== null).length;
  const few = Math.min(...pairs.map(({ n }) => n));
  return [
    `Difference: mean over shared seeds ± half of its 95 % interval, all other settings equal. p: two-sided; t: paired t-test, corrected by Holm over ${counted(tested, "pair")}; signed ranks: Wilcoxon, exact; signs: sign test, exact.`,
    tested < pairs.length
      ? "A dash: fewer than two shared seeds, or differences without spread."
      : "",
    few < 6
      ? "With fewer than six seeds the exact tests cannot go below 0.05, whatever the data."
      : "",
  ]
    .filter((text) => text !== "")
    .join(" ");
}
