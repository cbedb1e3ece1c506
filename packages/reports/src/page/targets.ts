/** What it took to reach each target. */
import { plainText, valueText } from "@fedtune/figures";
import type { Reached } from "../summary/outcome.ts";
import type { Summary } from "../summary/summarize.ts";
import { costText, metricKind, metricName, roundsText } from "../words.ts";
import { html, type Html } from "./html.ts";
import { namedSwatch } from "./swatch.ts";
import { tableHtml, type TableRow } from "./table.ts";
import { epsilonHtml, secondsText } from "./verdict.ts";

const right = { isNumber: true } as const;

/** The section of targets; nothing where none is set. */
export function targetsHtml(summary: Summary): Html {
  const { targets, metric } = summary.question;
  if (targets.length === 0) return html``;
  const blocks = targets.map((target, at) => {
    const goal = plainText(valueText(metricKind(metric), target));
    return html`<div class="card">
      <h3>${metricName(metric)} of ${goal}</h3>
      ${targetTable(summary, at)}
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

function targetTable(summary: Summary, at: number): Html {
  const { panels, isPrivate, isTimed, values, compared } = summary;
  const groups = panels.map((panel) => ({
    label: panel.label,
    rows: panel.groups.map(({ value, outcome }): TableRow => {
      const to = outcome.targets[at];
      return [
        namedSwatch(values, value),
        reachedText(to),
        roundsText(to?.rounds ?? null),
        costText("bytes", to?.bytesUp ?? null),
        costText("bytes", to?.bytesDown ?? null),
        ...(isTimed ? [secondsText(to?.seconds ?? null)] : []),
        ...(isPrivate ? [epsilonHtml(to?.epsilon ?? null)] : []),
      ];
    }),
  }));
  const columns = [
    { name: compared === "" ? "Setting" : compared },
    { name: "Reached by" },
    { ...right, name: "Rounds" },
    { ...right, name: "Sent up" },
    { ...right, name: "Sent down" },
    ...(isTimed ? [{ ...right, name: "Virtual time" }] : []),
    ...(isPrivate ? [{ ...right, name: "Epsilon" }] : []),
  ];
  return tableHtml({ caption: "Cost of the target", columns, groups });
}

function reachedText(to: Reached | undefined): string {
  if (to === undefined || to.reached + to.notReached === 0) return "no finished seed";
  const all = to.reached + to.notReached;
  if (to.reached === 0) return `not reached in ${String(all)} of ${String(all)} seeds`;
  return to.notReached === 0
    ? `all ${String(all)} seeds`
    : `${String(to.reached)} of ${String(all)} seeds`;
}
