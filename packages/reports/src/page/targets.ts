/** What it took to reach each target. */
import { valueText, formatEpsilon, plainText, type Text } from "@fedtune/figures";
import type { Mean } from "../statistics/mean.ts";
import type { Reached } from "../summary/outcome.ts";
import type { PanelSummary, Summary } from "../summary/summarize.ts";
import { costText, metricKind, metricName, roundsText } from "../words.ts";
import { html, type Html } from "./html.ts";
import { namedSwatch } from "./swatch.ts";
import { tableHtml } from "./table.ts";
import { secondsText } from "./verdict.ts";

const right = { isNumber: true } as const;

/** The section of targets; nothing where none is set. */
export function targetsHtml(summary: Summary): Html {
  const { targets, metric } = summary.question;
  if (targets.length === 0) return html``;
  const blocks = targets.map((target, at) => {
    const goal = plainText(valueText(metricKind(metric), target));
    const tables = summary.panels.map(
      (panel) => html`<div class="panel">${targetTable(summary, panel, at)}</div>`,
    );
    return html`<div class="card">
      <h3>${metricName(metric)} of ${goal}</h3>
      ${tables}
    </div>`;
  });
  return html`<section aria-labelledby="targets">
    <h2 id="targets">What it takes to reach a target</h2>
    ${blocks}
    <p class="foot">
      Means over the seeds that reached it, at the first evaluation that is as good. Seeds that did
      not are counted, not averaged: where some are missing, the means are of the quicker ones.
    </p>
  </section> `;
}

function targetTable(summary: Summary, panel: PanelSummary, at: number): Html {
  const { isPrivate, isTimed, values, compared } = summary;
  const rows = panel.groups.map(({ value, outcome }) => {
    const to = outcome.targets[at];
    const cells: (Text | Html)[] = [
      namedSwatch(values, value),
      reachedText(to),
      roundsText(to?.rounds ?? null),
    ];
    cells.push(costText("bytes", to?.bytesUp ?? null), costText("bytes", to?.bytesDown ?? null));
    if (isTimed) cells.push(secondsText(to?.seconds ?? null));
    if (isPrivate) cells.push(epsilonText(to?.epsilon ?? null));
    return cells;
  });
  const columns = [
    { name: compared === "" ? "Setting" : compared },
    { name: "Reached by" },
    { ...right, name: "Rounds" },
    { ...right, name: "Sent up" },
    { ...right, name: "Sent down" },
    ...(isTimed ? [{ ...right, name: "Virtual time" }] : []),
    ...(isPrivate ? [{ ...right, name: "Epsilon" }] : []),
  ];
  const caption = panel.label === "" ? "Cost of the target" : panel.label;
  return tableHtml({ caption, isCaptionShown: panel.label !== "", columns, rows });
}

function reachedText(to: Reached | undefined): string {
  if (to === undefined || to.reached + to.notReached === 0) return "no finished seed";
  const all = to.reached + to.notReached;
  if (to.reached === 0) return `not reached in ${String(all)} of ${String(all)} seeds`;
  return to.notReached === 0
    ? `all ${String(all)} seeds`
    : `${String(to.reached)} of ${String(all)} seeds`;
}

const epsilonText = (mean: Mean | null): string =>
  mean === null ? "\u2013" : formatEpsilon(mean.mean);
