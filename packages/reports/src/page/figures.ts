/** The figures of a page: inside of it for reading, beside it as files. */
import { svgText } from "@fedtune/figures";
import { narrowWidth, wideWidth, type ReportFigure } from "../figures/figure.ts";
import { html, textHtml, trusted, type Html } from "./html.ts";
import { pagePalette } from "./style.ts";

/** The section of figures. */
export function figuresHtml(figures: readonly ReportFigure[], hasImages: boolean): Html {
  if (figures.length === 0) return html``;
  const blocks = figures.map((figure) => figureHtml(figure, hasImages));
  return html`<section aria-labelledby="figures">
    <h2 id="figures">Figures</h2>
    ${blocks}
  </section> `;
}

function figureHtml(figure: ReportFigure, hasImages: boolean): Html {
  const { name, title, subtitle = "", foot, description } = figure;
  const drawing = (width: number): Html =>
    trusted(svgText(figure.draw(width), { title, description, palette: pagePalette }));
  const image = hasImages ? html` <a href="figures/${name}.png">PNG</a>` : null;
  return html`<figure class="card" id="figure-${name}">
    <span class="files"><a href="figures/${name}.svg">SVG</a>${image}</span>
    <h3>${title}</h3>
    <p class="unit">${textHtml(subtitle)}</p>
    <div class="wide">${drawing(wideWidth)}</div>
    <div class="narrow">${drawing(narrowWidth)}</div>
    <figcaption class="foot">${foot}</figcaption>
  </figure> `;
}
