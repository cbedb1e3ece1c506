/** The style of a page: colours of both themes as custom properties, the typeface inside of the file. */
import { palettes, type Palette } from "@fedtune/figures";

const tokens = (palette: Palette): string =>
  Object.entries(palette)
    .map(([name, colour]) => `--${name}:${colour}`)
    .join(";");

/** Every colour as the page's property of that name, for drawings inside of it. */
export const pagePalette: Palette = Object.fromEntries(
  Object.keys(palettes.light).map((name) => [name, `var(--${name})`]),
) as unknown as Palette;

const rules = `
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:14px/20px "IBM Plex Sans",system-ui,sans-serif;font-variant-numeric:tabular-nums lining-nums;text-rendering:geometricPrecision}
main,header,footer{max-width:842px;margin:0 auto;padding:0 24px}
header{padding-top:32px}
h1{font-size:28px;line-height:36px;font-weight:600;letter-spacing:-.015em;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;line-height:28px;font-weight:600;margin:40px 0 8px}
h3{font-size:14px;line-height:20px;font-weight:600;margin:0}
h3+.scroll{margin-top:8px}
p{margin:0 0 8px;overflow-wrap:anywhere}
sup{font-size:.75em;line-height:0}
.question{font-size:18px;line-height:28px;color:var(--ink-2)}
.facts,.foot,.hint{color:var(--ink-3);font-size:13px;line-height:18px}
.foot{margin:8px 0 0}
.verdict{font-size:16px;line-height:26px}
.card{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:16px;margin:0 0 16px}
figure.card{margin:0 0 16px}
figcaption p{margin:0}
.unit{color:var(--ink-3);font-size:13px;line-height:18px;margin:0 0 8px}
figure svg{display:block;max-width:100%;height:auto;overflow:visible}
.narrow{display:none}
.files{float:right;font-size:13px;margin-left:16px}
.files a+a{margin-left:8px}
a{color:var(--accent)}
.scroll{overflow-x:auto}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;width:100%}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:7px 0 7px 20px;text-align:left;border-top:1px solid var(--line);white-space:nowrap;font-weight:400;vertical-align:baseline}
th:first-child{padding-left:0;position:sticky;left:0;background:var(--surface)}
.group th{border-top:0;padding-top:20px;font-weight:600}
tbody:nth-child(2) .group th{padding-top:4px}
.group+tr>*{border-top:1px solid var(--line-strong)}
thead th{border-top:0;color:var(--ink-3);font-size:12px;line-height:16px}
tbody th{font-weight:500}
.number{text-align:right}
.interval{color:var(--ink-3);font-weight:400}
.swatch{display:inline-block;vertical-align:middle;margin-right:8px}
.tag{display:inline-block;margin-left:8px;padding:0 6px;border-radius:3px;background:var(--ok-soft);color:var(--ok);font-size:12px;line-height:18px;font-weight:500}
.tag.bad{background:var(--bad-soft);color:var(--bad)}
.privacy{color:var(--privacy)}
details{margin:0 0 8px}
summary{cursor:pointer;padding:4px 0}
pre,code{font:12px/18px ui-monospace,"SF Mono",Menlo,Consolas,monospace}
pre{background:var(--sunken);border-radius:6px;padding:12px;margin:4px 0 8px;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:0 0 8px}
dt{color:var(--ink-3)}
dd{margin:0;overflow-wrap:anywhere}
footer{padding-top:24px;padding-bottom:40px}
@media(max-width:759px){main,header,footer{padding-left:16px;padding-right:16px}.card{padding:15px}.wide{display:none}.narrow{display:block}h1{font-size:22px;line-height:28px}.question,.verdict{font-size:16px;line-height:24px}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:6px}th,td{padding-left:14px}}
@media print{body{background:#fff}.card{break-inside:avoid}.files{display:none}}
`;

const fontFace = (weight: number, bytes: Uint8Array): string =>
  `@font-face{font-family:"IBM Plex Sans";font-weight:${String(weight)};src:url(data:font/woff;base64,${Buffer.from(bytes).toString("base64")}) format("woff")}`;

/** The style sheet; `fonts` by weight. */
export const pageStyle = (fonts: ReadonlyMap<number, Uint8Array>): string =>
  [
    ...[...fonts].map(([weight, bytes]) => fontFace(weight, bytes)),
    `:root{color-scheme:light dark;${tokens(palettes.light)}}`,
    `@media(prefers-color-scheme:dark){:root{${tokens(palettes.dark)}}}`,
    rules.trim().replaceAll("\n", ""),
  ].join("\n");
