/** What came out, in a sentence and a table for every panel. */
import { formatEpsilon, valueText, type Text } from "@fedtune/figures";
import { significance } from "../summary/pairs.ts";
import type { GroupSummary, PanelSummary, Summary } from "../summary/summarize.ts";
import { costText, counted, meanText, metricKind, metricName, roundsText } from "../words.ts";
import { html, textHtml, type Html } from "./html.ts";
import { namedSwatch } from "./swatch.ts";
import { tableHtml, type Column } from "./table.ts";

/** A column of the verdict: its name, and what a group says in it. */
interface VerdictColumn extends Column {
  readonly of: (group: GroupSummary) => Text | Html;
}

/** The verdict's section. */
export function verdictHtml(summary: Summary): Html {
  const columns = columnsOf(summary);
  const tables = summary.panels.map(
    (panel) => html`<div class="panel">${panelTable(summary, panel, columns)}</div>`,
  );
  return html`<section aria-labelledby="verdict">
    <h2 id="verdict">Verdict</h2>
    <p class="verdict">${verdictText(summary)}</p>
    <div class="card">
      ${tables}
      <p class="foot">${footText(summary)}</p>
    </div>
  </section> `;
}

const named = (label: string): string => (label === "" ? "" : ` (${label})`);

/** What the paired tests allow to say of best values. */
export function verdictText({ panels, values, question }: Summary): string {
  if (values.length < 2) return "Nothing is compared: there is one setting only.";
  const tested = panels.flatMap(({ pairs }) => pairs).filter(({ corrected }) => corrected !== null);
  if (tested.length === 0) {
    return "No difference can be tested: that takes at least two shared seeds whose differences vary.";
  }
  const shown = panels.flatMap(({ best, label }) =>
    best === null ? [] : [`${best}${named(label)}`],
  );
  const open = panels.length - shown.length;
  const sentence =
    shown.length === 0
      ? `No value is shown to have the best ${metricName(question.metric).toLowerCase()}.`
      : `Shown to have the best ${metricName(question.metric).toLowerCase()}: ${shown.join("; ")}.`;
  const rest = shown.length > 0 && open > 0 ? ` In ${counted(open, "other panel")} none is.` : "";
  const seeds = Math.min(...tested.map(({ n }) => n));
  const few =
    seeds < 6 ? ` With ${counted(seeds, "shared seed")} only large differences can be shown.` : "";
  return sentence + rest + few;
}

function footText(summary: Summary): string {
  const { at } = summary.question;
  const lost = summary.panels.flatMap(({ groups }) => groups);
  const failed = lost.reduce((sum, { outcome }) => sum + outcome.failed, 0);
  const without = lost.reduce((sum, { outcome }) => sum + outcome.withoutValue, 0);
  return [
    `Means over n seeds ± half of the 95 % interval (Student's t), ${at === "last" ? "after the last round" : "at each cell's best round"}; a single seed has no interval.`,
    `Best: better than every other value of its panel at the ${String(100 * significance)} % level, by paired t-tests that Holm corrects over all pairs of this page.`,
    "Sent: adapters over all clients and rounds, without evaluation and control messages.",
    failed > 0 ? `Left out: ${counted(failed, "failed cell")}.` : "",
    without > 0 ? `Left out: ${counted(without, "cell")} without a finite value.` : "",
  ]
    .filter((text) => text !== "")
    .join(" ");
}

function panelTable(
  summary: Summary,
  panel: PanelSummary,
  columns: readonly VerdictColumn[],
): Html {
  const name = summary.compared === "" ? "Setting" : summary.compared;
  const rows = panel.groups.map((group) => {
    const tag = panel.best === group.value ? html`<span class="tag">best</span>` : null;
    const head = html`${namedSwatch(summary.values, group.value)}${tag}`;
    return [head, ...columns.map(({ of }) => of(group))];
  });
  const caption = panel.label === "" ? "Results" : panel.label;
  const isCaptionShown = panel.label !== "";
  return tableHtml({ caption, isCaptionShown, columns: [{ name }, ...columns], rows });
}

function columnsOf({ question, isPrivate, isTimed, panels }: Summary): VerdictColumn[] {
  const groups = panels.flatMap((panel) => panel.groups);
  const kind = metricKind(question.metric);
  const right = { isNumber: true } as const;
  const hasError = groups.some(({ outcome }) => outcome.aggregationError !== null);
  const hasFailed = groups.some(({ outcome }) => outcome.failed > 0);
  const isShort = new Set(groups.map(({ outcome }) => outcome.rounds?.mean)).size > 1;
  const columns: (VerdictColumn | null)[] = [
    {
      ...right,
      name: metricName(question.metric),
      of: ({ outcome }) => html`<b>${meanText(kind, outcome.value)}</b>`,
    },
    { ...right, name: "n", of: ({ outcome }) => String(outcome.value?.n ?? 0) },
    hasFailed
      ? { ...right, name: "Failed", of: ({ outcome }) => failedText(outcome.failed) }
      : null,
    isShort ? { ...right, name: "Rounds", of: ({ outcome }) => roundsText(outcome.rounds) } : null,
    { ...right, name: "Sent up", of: ({ outcome }) => costText("bytes", outcome.bytesUp) },
    { ...right, name: "Sent down", of: ({ outcome }) => costText("bytes", outcome.bytesDown) },
    isTimed
      ? { ...right, name: "Virtual time", of: ({ outcome }) => secondsText(outcome.seconds) }
      : null,
    isPrivate ? { ...right, name: "Epsilon", of: epsilonHtml } : null,
    hasError
      ? {
          ...right,
          name: "Aggregation error",
          of: ({ outcome }) => errorText(outcome.aggregationError?.mean),
        }
      : null,
  ];
  return columns.filter((column) => column !== null);
}

const errorText = (mean: number | undefined): Text =>
  mean === undefined ? "\u2013" : valueText("ratio", mean);

const failedText = (failed: number): Html =>
  failed === 0 ? html`0` : html`<span class="tag bad">${failed}</span>`;

/** Virtual seconds as a duration. */
export const secondsText = (seconds: GroupSummary["outcome"]["seconds"]): Text =>
  seconds === null ? "\u2013" : valueText("duration", 1000 * seconds.mean);

function epsilonHtml({ outcome }: GroupSummary): Html {
  const text = outcome.epsilon === null ? "\u2013" : formatEpsilon(outcome.epsilon.mean);
  return html`<span style="color:var(--privacy)">${textHtml(text)}</span>`;
}
