/** The report as one page that needs nothing beside itself. */
import type { ReportFigure } from "../figures/figure.ts";
import type { Summary } from "../summary/summarize.ts";
import { counted } from "../words.ts";
import { figuresHtml } from "./figures.ts";
import { html, trusted, type Html } from "./html.ts";
import { failedHtml, originHtml } from "./origin.ts";
import { pairsHtml } from "./pairs.ts";
import { spreadHtml } from "./spread.ts";
import { pageStyle } from "./style.ts";
import { targetsHtml } from "./targets.ts";
import { verdictHtml } from "./verdict.ts";

/** What a page is made of beside its summary. */
export interface PageParts {
  readonly figures: readonly ReportFigure[];
  /** The typeface's files by weight. */
  readonly fonts: ReadonlyMap<number, Uint8Array>;
  /** Whether the figures are there as PNG as well; else `note` says why not. */
  readonly hasImages: boolean;
  readonly note: string | null;
}

/** Nothing is loaded and nothing runs, whatever names and texts hold. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data:";

/** The page's text. */
export function pageText(summary: Summary, { figures, fonts, hasImages, note }: PageParts): string {
  const title = titleOf(summary);
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        <style>
          ${trusted(pageStyle(fonts))}
        </style>
      </head>
      <body>
        ${headerHtml(summary, title)}
        <main>
          ${verdictHtml(summary)}${figuresHtml(figures, hasImages)}${targetsHtml(summary)}${pairsHtml(summary)}${spreadHtml(summary)}${failedHtml(summary)}${originHtml(summary)}
        </main>
        <footer class="facts">
          ${note === null ? null : html`<p>${note}</p>`}
          <p>
            Tables with every digit: <a href="results.csv">results.csv</a>,
            <a href="summary.csv">summary.csv</a>, <a href="rounds.csv">rounds.csv</a>,
            <a href="results.json">results.json</a>.
          </p>
        </footer>
      </body>
    </html> `;
  return document.markup;
}

const titleOf = ({ experiments }: Summary): string =>
  experiments.map(({ label }) => label).join(", ");

function headerHtml(
  { experiments, panels, failed, values, compared }: Summary,
  title: string,
): Html {
  const cells = experiments.reduce((sum, { result }) => sum + result.cells.length, 0);
  const asked = new Set(experiments.map(({ result }) => result.experiment.description));
  const questions = [...asked]
    .filter((text) => text !== "")
    .map((text) => html`<p class="question">${text}</p>`);
  const facts = [
    `Simulation`,
    compared === "" ? "" : `${counted(values.length, "value")} of ${compared}`,
    panels.length > 1 ? counted(panels.length, "panel") : "",
    `${counted(cells, "cell")}${failed.length === 0 ? "" : `, ${String(failed.length)} failed`}`,
    [...new Set(experiments.map(({ result }) => `fedtune ${result.version}`))].join(", "),
    [...new Set(experiments.map(({ result }) => result.engine))].join("; "),
  ];
  return html`<header>
    <h1>${title}</h1>
    ${questions}
    <p class="facts">${facts.filter((fact) => fact !== "").join(" \u00B7 ")}</p>
  </header>`;
}
