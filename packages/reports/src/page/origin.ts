/** Where the numbers come from: command, version, engine, config, and the cells that failed. */
import type { LabelledResult } from "../summary/layout.ts";
import type { FailedCell, Summary } from "../summary/summarize.ts";
import { formatHash } from "@fedtune/figures";
import { html, type Html } from "./html.ts";
import { tableHtml } from "./table.ts";

/** The section of failed cells; nothing where none did. */
export function failedHtml({ failed }: Summary): Html {
  if (failed.length === 0) return html``;
  const rows = failed.map(({ value, panel, cell }: FailedCell) => [
    value,
    panel === "" ? "\u2013" : panel,
    String(cell.seed),
    html`<code>${cell.failure?.code ?? "unknown"}</code> ${cell.failure?.message ?? ""}`,
    html`<code>${formatHash(cell.hash)}</code>`,
  ]);
  const columns = [
    { name: "Setting" },
    { name: "Panel" },
    { name: "Seed" },
    { name: "Why" },
    { name: "Cell" },
  ];
  return html`<section aria-labelledby="failed">
    <h2 id="failed">Failed cells</h2>
    <div class="card">
      ${tableHtml({ caption: "Failed cells", columns, groups: [{ label: "", rows }] })}
      <p class="foot">They are part of no mean, interval, test or figure.</p>
    </div>
  </section> `;
}

/** The section of origins. */
export function originHtml({ experiments }: Summary): Html {
  const blocks = experiments.map((one) => experimentHtml(one, experiments.length > 1));
  return html`<section aria-labelledby="repeat">
    <h2 id="repeat">How to repeat it</h2>
    ${blocks}
  </section> `;
}

/** What somebody must know who reads the numbers: settings under which they are not what they seem. */
function cautionsOf({ cells }: LabelledResult["result"]): readonly string[] {
  const settings = cells.map(({ config }) => Object(config["simulation"]) as SimulationSettings);
  const cohorts = new Set(settings.map(({ noiseCohort }) => noiseCohort ?? null));
  cohorts.delete(null);
  return [
    ...[...cohorts].map(
      (cohort) =>
        `Noise and epsilon of cells with simulation.noiseCohort are those of rounds of ${String(cohort)} clients: the runs, of fewer, protect less themselves.`,
    ),
    ...(settings.some(({ sharePersonal }) => sharePersonal === true)
      ? [
          "Cells with simulation.sharePersonal train one B and head for all clients, as in the released FedSA-LoRA code.",
        ]
      : []),
  ];
}

interface SimulationSettings {
  readonly noiseCohort?: number | null;
  readonly sharePersonal?: boolean;
}

function experimentHtml({ label, result }: LabelledResult, isNamed: boolean): Html {
  const { experiment, version, engine, command, cells } = result;
  const title = isNamed ? html`<h3>${label}</h3>` : null;
  return html`<div class="card">
    ${title}
    <pre>${command}</pre>
    <dl>
      <dt>fedtune</dt>
      <dd>${version}</dd>
      <dt>Engine</dt>
      <dd>${engine}</dd>
      <dt>Cells</dt>
      <dd>${cells.length}</dd>
    </dl>
    <details>
      <summary>Experiment file, with its defaults</summary>
      <pre>${JSON.stringify(experiment, null, 2)}</pre>
    </details>
    ${cautionsOf(result).map((text) => html`<p class="foot">${text}</p>`)}
    <p class="hint">
      The same file and seeds give the same bytes of every output, this page included.
    </p>
  </div> `;
}
