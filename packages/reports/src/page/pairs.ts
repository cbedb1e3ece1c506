/** The paired tests between compared values. */
import { significance, type Pair } from "../summary/pairs.ts";
import type { Summary } from "../summary/summarize.ts";
import { counted, differenceText, metricKind, metricName, probabilityText } from "../words.ts";
import { html, type Html } from "./html.ts";
import { tableHtml, type TableRow } from "./table.ts";

const none = "\u2013";
const right = { isNumber: true } as const;

/** The section of tests; nothing where nothing is compared. */
export function pairsHtml(summary: Summary): Html {
  const pairs = summary.panels.flatMap((panel) => panel.pairs);
  if (pairs.length === 0) return html``;
  const groups = summary.panels
    .filter((panel) => panel.pairs.length > 0)
    .map((panel) => ({ label: panel.label, rows: pairRows(summary, panel.pairs) }));
  const difference = `Difference in ${metricName(summary.question.metric).toLowerCase()}`;
  const columns = [
    { name: "Pair, the better one first" },
    { ...right, name: difference },
    { ...right, name: "Shared seeds" },
    { ...right, name: "p, t-test" },
    { ...right, name: "p, corrected" },
    { ...right, name: "p, signed ranks" },
    { ...right, name: "p, signs" },
  ];
  return html`<section aria-labelledby="pairs">
    <h2 id="pairs">Are the differences real?</h2>
    <div class="card">
      ${tableHtml({ caption: "Paired tests", columns, groups })}
      <p class="foot">${footText(pairs)}</p>
    </div>
  </section> `;
}

function pairRows({ question }: Summary, pairs: readonly Pair[]): TableRow[] {
  const kind = metricKind(question.metric);
  return pairs.map(({ first, second, n, tests, corrected }) => {
    const isShown = corrected !== null && corrected < significance;
    const p = probabilityText(corrected);
    return [
      html`${first} <span class="interval">over</span> ${second}`,
      tests === null ? none : differenceText(kind, tests.difference),
      String(n),
      probabilityText(tests?.t ?? null),
      isShown ? html`<b>${p}</b>` : p,
      probabilityText(tests?.wilcoxon ?? null),
      probabilityText(tests?.sign ?? null),
    ];
  });
}

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
