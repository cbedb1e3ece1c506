/** What came out, in a sentence and a table for every panel. */
import { formatEpsilon, valueText, type Mean, type Text } from "@fedtune/figures";
import { significance } from "../summary/pairs.ts";
import type { GroupSummary, PanelSummary, Summary } from "../summary/summarize.ts";
import { costText, counted, meanText, metricKind, metricName, roundsText } from "../words.ts";
import { html, type Html } from "./html.ts";
import { namedSwatch } from "./swatch.ts";
import { tableHtml, type Column, type RowGroup } from "./table.ts";

/** A column of the verdict: its name, and what a group says in it. */
interface VerdictColumn extends Column {
  readonly of: (group: GroupSummary) => Text | Html;
}

/** The verdict's section. */
export function verdictHtml(summary: Summary): Html {
  const columns = columnsOf(summary);
  const name = summary.compared === "" ? "Setting" : summary.compared;
  const groups = summary.panels.map((panel) => panelGroup(summary, panel, columns));
  const table = tableHtml({ caption: "Results", columns: [{ name }, ...columns], groups });
  return html`<section aria-labelledby="verdict">
    <h2 id="verdict">Verdict</h2>
    <p class="verdict">${verdictText(summary)}</p>
    <div class="card">
      ${table}
      <p class="foot">${footText(summary)}</p>
    </div>
  </section> `;
}

const named = (label: string): string => (label === "" ? "" : ` (${label})`);

/** What the paired tests allow to say of best values. */
function verdictText({ panels, values, question }: Summary): string {
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

function panelGroup(
  { values }: Summary,
  { label, groups, best }: PanelSummary,
  columns: readonly VerdictColumn[],
): RowGroup {
  const rows = groups.map((group) => {
    const tag = best === group.value ? html`<span class="tag">best</span>` : null;
    return [html`${namedSwatch(values, group.value)}${tag}`, ...columns.map(({ of }) => of(group))];
  });
  return { label, rows };
}

/** The mean strong, its interval less so. */
function meanHtml(text: string): Html {
  const [mean = "", width] = text.split(" \u00B1 ");
  return width === undefined
    ? html`<b>${mean}</b>`
    : html`<b>${mean}</b> <span class="interval">± ${width}</span>`;
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
      of: ({ outcome }) => meanHtml(meanText(kind, outcome.value)),
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
    isPrivate
      ? { ...right, name: "Epsilon", of: ({ outcome }) => epsilonHtml(outcome.epsilon) }
      : null,
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
export const secondsText = (seconds: Mean | null): Text =>
  seconds === null ? "\u2013" : valueText("duration", 1000 * seconds.mean);

/** An epsilon in the colour of privacy. */
export const epsilonHtml = (epsilon: Mean | null): Html =>
  html`<span class="privacy">${epsilon === null ? "\u2013" : formatEpsilon(epsilon.mean)}</span>`;
