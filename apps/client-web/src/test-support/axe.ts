/** What axe finds in a page, by the rules of WCAG 2.2 AA. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
/** The component library's guards pass the focus on as soon as they get it; axe sees only that they are hidden. */
const focusGuards = "[data-base-ui-focus-guard]";

let source: Promise<string> | undefined;

/** What axe answers, as far as it is read here. */
interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
  }[];
}

/** One line for each finding; empty where there is none. Works under a strict policy: nothing is added to the page. */
export async function axeFindings(page: Page): Promise<string[]> {
  source ??= readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  await page.evaluate(await source);
  const options = JSON.stringify({ runOnly: rules });
  const context = JSON.stringify({ exclude: [focusGuards] });
  const results = await page.evaluate<AxeResults>(`axe.run(${context}, ${options})`);
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}
