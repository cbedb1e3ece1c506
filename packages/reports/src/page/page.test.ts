import type { ExperimentResult } from "@fedtune/simulation";
import { describe, expect, it } from "vitest";
import { figuresOf } from "../figures/all.ts";
import { sampleResult } from "../test-support/sample.ts";
import { summarize } from "../summary/summarize.ts";
import { html, textHtml } from "./html.ts";
import { pageText } from "./page.ts";

function pageOf(result: ExperimentResult): string {
  const summary = summarize([{ label: result.experiment.name, result }]);
  const fonts = new Map<number, Uint8Array>();
  return pageText(summary, { figures: figuresOf(summary), fonts, hasImages: true, note: null });
}

const attacks = [
  `<img src=x onerror=alert(1)>`,
  `"><script>alert(1)</script>`,
  `' onmouseover='alert(1)`,
  `</style><script>alert(1)</script>`,
  `]]><svg onload=alert(1)>`,
];

/** Every tag of a page with its attributes, from text that a browser would read as markup. */
const tags = (page: string): string[] => page.match(/<[a-zA-Z!/][^>]*>/g) ?? [];

describe("page", () => {
  it.each(attacks)("shows %s as text wherever an experiment can say it", (attack) => {
    const clean = sampleResult({ methods: 2, failed: 1 });
    const grid = { "method.name": [attack, "other"], "privacy.epsilon": [attack, 6] };
    const result: ExperimentResult = {
      ...clean,
      command: attack,
      engine: attack,
      version: attack,
      experiment: { ...clean.experiment, name: attack, description: attack, grid },
      cells: clean.cells.map((cell) => ({
        ...cell,
        settings: {
          "method.name": cell.settings["method.name"] === "fedavg" ? attack : "other",
          "privacy.epsilon": cell.settings["privacy.epsilon"] === 3 ? attack : 6,
        },
        failure: cell.failure === null ? null : { code: attack, message: attack },
        config: { task: { labels: Array<string>(12).fill(attack) } },
        shares: {
          rows: 1,
          clients: cell.shares!.clients.map((client) => ({ ...client, name: attack })),
        },
      })),
    };
    const names = new Set(tags(pageOf(result)).map((tag) => /^<\/?[\w!]+/.exec(tag)?.[0]));
    const usual = new Set(tags(pageOf(clean)).map((tag) => /^<\/?[\w!]+/.exec(tag)?.[0]));
    expect([...names].filter((name) => !usual.has(name))).toEqual([]);
    expect(tags(pageOf(result)).filter((tag) => /<script|<img|\son\w+=/i.test(tag))).toEqual([]);
  });

  it("loads nothing and runs nothing", () => {
    const page = pageOf(sampleResult());
    expect(page).toContain("default-src &#39;none&#39;");
    expect(page).not.toMatch(/<script|<link|https?:\/\/(?!www\.w3\.org\/2000\/svg)/);
  });

  it("says what failed and why, and how to repeat it all", () => {
    const page = pageOf(sampleResult({ failed: 3 }));
    expect(page).toContain("Cannot open round 7: 3 clients are here, wanted 8");
    expect(page).toContain("fedtune simulate methods-under-privacy.yaml");
    expect(page).toContain("Left out: 1 failed cell.");
    expect(page).toContain("1 of 3 seeds");
  });

  it("[SI17] says when the noise is that of larger rounds than were played", () => {
    const result = sampleResult();
    const [first] = result.cells;
    if (first === undefined) throw new Error("no cell");
    const config = { ...first.config, simulation: { noiseCohort: 5000 } };
    const scaled = { ...result, cells: [{ ...first, config }, ...result.cells.slice(1)] };
    expect(pageOf(scaled)).toContain("those of rounds of 5000 clients");
    expect(pageOf(result)).not.toContain("noiseCohort");
  });

  it("marks a best value only where it is shown", () => {
    const mark = '<span class="tag">best</span>';
    expect(pageOf(sampleResult())).not.toContain(mark);
    const seeds = Array.from({ length: 12 }, (_, i) => i);
    expect(pageOf(sampleResult({ seeds }))).toContain(mark);
  });

  it("of one seed says that there is no interval", () => {
    const page = pageOf(sampleResult({ seeds: [1] }));
    expect(page).toContain("One seed each, so there is no interval.");
    expect(page).toContain("No difference can be tested");
  });

  it("of a single cell, of a failed one and of one without rows is a page too", () => {
    const one = sampleResult({ seeds: [1], epsilons: [3], methods: 1 });
    expect(pageOf(one)).toContain("Nothing is compared");
    expect(pageOf(sampleResult({ seeds: [1], epsilons: [3], methods: 1, failed: 0 }))).toContain(
      "Failed cells",
    );
    const empty = { ...one, cells: one.cells.map((cell) => ({ ...cell, rows: [], shares: null })) };
    expect(pageOf(empty)).not.toContain("NaN");
    expect(pageOf({ ...one, cells: [] })).toContain("Verdict");
  });

  it("has at most twelve panels in a figure and says how many more there are", () => {
    const epsilons = Array.from({ length: 15 }, (_, i) => i + 1);
    const page = pageOf(sampleResult({ epsilons, seeds: [1], methods: 2 }));
    expect(page).toContain("Not drawn: 3 more panels, see the tables.");
    expect(page).toContain("privacy.epsilon 15");
  });

  it("never holds numbers that are none", () => {
    expect(pageOf(sampleResult({ failed: 2 }))).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });
});

describe("markup", () => {
  it("escapes text and keeps markup", () => {
    expect(html`<p title="${`"'<>&`}">${html`<b>${1}</b>`}${null}</p>`.markup).toBe(
      '<p title="&quot;&#39;&lt;&gt;&amp;"><b>1</b></p>',
    );
    expect(textHtml(["10", { raised: "<" }]).markup).toBe("10<sup>&lt;</sup>");
  });
});
