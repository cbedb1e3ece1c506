/** Charts as markup: the same drawing as in files, its words, and what stands there without values. */
import {
  arrivalFigure,
  barFigure,
  heatFigure,
  lineFigure,
  plainText,
  sheetScene,
  svgText,
  type LineChart,
  type Scene,
} from "@fedtune/figures";
import { describe, expect, it } from "vitest";
import { byName, byRole, only, render, type Found } from "../test-support/markup.ts";
import * as sample from "../test-support/gallery/sample-charts.ts";
import { ArrivalAxis, arrivalSentence } from "./arrival-axis.tsx";
import { Bars } from "./bars.tsx";
import { Chart, type ChartProps } from "./chart.tsx";
import { HeatMap } from "./heat-map.tsx";
import { fileName } from "./save-file.ts";
import { SceneView } from "./scene-view.tsx";
import { Spark } from "./spark.tsx";

const chartOf = (props: Partial<ChartProps> = {}, chart: LineChart = sample.accuracy()): Found[] =>
  render(<Chart chart={chart} {...props} />);
const frame = (found: readonly Found[]): Found =>
  only(found, (one) => one.attributes["role"] === "img" && one.name === "div");

describe("the page's drawing is the file's", () => {
  const scenes: Readonly<Record<string, Scene>> = {
    lines: sheetScene(
      lineFigure(sample.accuracy(), { width: 640, height: 210 }),
      sample.accuracy(),
    ),
    privacy: lineFigure(sample.privacy(), { width: 300, height: 210 }),
    heat: heatFigure(sample.layers(), 600),
    bars: barFigure(sample.finalAccuracy, 400),
    arrivals: arrivalFigure(sample.arrivals, 380),
  };
  /** What a shape is, without how its colour is named. */
  const shapes = (text: string): string[] =>
    [...text.matchAll(/<(path|rect|circle|text|svg|g)((?: [a-zA-Z-]+="[^"]*")*)/g)].map(
      ([, name, rest = ""]) => {
        const numbers = [...rest.matchAll(/ (d|x|y|cx|cy|r|transform)="([^"]*)"/g)];
        return `${String(name)} ${numbers
          .map(([, key, value]) => `${String(key)}=${String(value)}`)
          .sort()
          .join(" ")}`;
      },
    );

  it.each(Object.entries(scenes))("%s: the same shapes at the same places", async (_, scene) => {
    const { renderToStaticMarkup } = await import("react-dom/server");
    const page = shapes(renderToStaticMarkup(<SceneView scene={scene} />)).slice(1);
    // The file has a ground of its own.
    const file = shapes(svgText(scene)).slice(2);
    expect(page).toEqual(file);
  });
});

describe("a chart", () => {
  it("says what it shows, can be entered, and ends with what is drawn", () => {
    const found = chartOf();
    const drawing = frame(found);
    expect(drawing.attributes["aria-label"]).toMatch(
      /^Accuracy, % correct, each round\. Clients: first .* best /,
    );
    expect(drawing.attributes["tabindex"]).toBe("0");
    expect(found.filter(byName("p")).at(-1)!.text).toBe(plainText(sample.accuracy().foot));
  });

  it("offers its table, its files and the large view by name", () => {
    const names = chartOf()
      .filter(byName("button"))
      .map(({ attributes }) => attributes["aria-label"]);
    expect(names).toEqual(["Accuracy as a table", "Download Accuracy, zoom", "Enlarge Accuracy"]);
    expect(chartOf({ kind: "plain" }).filter(byName("button"))).toEqual([]);
  });

  it("counts in its foot what could not be drawn", () => {
    expect(chartOf({}, sample.loss("linear")).at(-1)!.text).toMatch(/Not finite: 1 value/);
  });

  it("of a simulation says so", () => {
    const provenance = { run: "a", configHash: "b", at: "c", isSimulation: true };
    expect(chartOf({ provenance })[0]!.text).toContain("simulation");
  });

  it("with a part of x shown has the way back", () => {
    const found = chartOf({ range: [5, 10], onRange: () => undefined });
    expect(found.filter(byName("button")).at(-1)!.text).toBe("Show all");
  });
});

describe("without values a chart", () => {
  const noLine = (found: readonly Found[]): boolean =>
    found.every(({ attributes }) => attributes["stroke"] !== "var(--s1)");

  it("has its axes and says when the first one comes", () => {
    const found = chartOf({ state: { kind: "before", text: "First value after round 1" } });
    expect(found[0]!.text).toContain("First value after round 1");
    expect(found[0]!.text).toContain("round 1");
    expect(frame(found).attributes["tabindex"]).toBeUndefined();
    expect(noLine(found)).toBe(true);
  });

  it("says what went wrong, with the way to try again", () => {
    const state = {
      kind: "error",
      text: "Could not load the loss.",
      onRetry: () => undefined,
    } as const;
    const found = chartOf({ state });
    expect(found.filter(byName("button")).at(-1)!.text).toBe("Try again");
    expect(noLine(found)).toBe(true);
  });

  it("says that nothing is meant to be there, or that it is withheld and why", () => {
    expect(chartOf({ state: { kind: "empty", text: "Its mean is exact." } })[0]!.text).toContain(
      "Its mean is exact.",
    );
    const withheld = chartOf({
      state: { kind: "withheld", text: "Withheld.", why: "It would leak." },
    });
    expect(withheld.filter(byName("button")).at(-1)!.text).toBe("Why");
  });

  it("stands still while it loads", () => {
    const found = chartOf({ state: { kind: "loading" } });
    expect(only(found, byRole("status")).text).toBe("Loading");
    expect(noLine(found)).toBe(true);
  });
});

describe("other figures", () => {
  it("heat maps say which layers are farthest off, and draw no cell while there is nothing", () => {
    expect(frame(render(<HeatMap chart={sample.layers()} />)).attributes["aria-label"]).toMatch(
      /Now largest 4 value/,
    );
    const empty = render(
      <HeatMap chart={sample.layers()} state={{ kind: "empty", text: "Exact." }} />,
    );
    expect(
      empty.some(({ name, attributes }) => name === "path" && attributes["fill"] === "var(--q6)"),
    ).toBe(false);
  });

  it("bars say every value", () => {
    const label = only(render(<Bars chart={sample.finalAccuracy} />), byRole("img")).attributes[
      "aria-label"
    ];
    expect(label?.replaceAll("\u202F", " ")).toMatch(
      /^Accuracy after 40 rounds\. fedsa-lora 84\.4 %, 82\.9 % to 85\.9 %\./,
    );
  });

  it("arrivals are counted in words", () => {
    const label = only(render(<ArrivalAxis chart={sample.arrivals} />), byRole("img")).attributes[
      "aria-label"
    ];
    expect(label).toBe(
      "Arrivals in this round: 10 accepted, 1 refused, 6 expected; now at 4:18; quorum expected at about 4:44; deadline at 6:00.",
    );
    expect(arrivalSentence({ deadlineMs: 60_000, nowMs: null, quorumMs: null, arrivals: [] })).toBe(
      "Arrivals in this round: none yet; deadline at 1:00.",
    );
  });

  it("a sparkline is decoration unless it is named", () => {
    const points = [
      [1, 2],
      [2, null],
      [3, 4],
    ] as const;
    expect(only(render(<Spark points={points} />), byName("svg")).attributes["aria-hidden"]).toBe(
      "true",
    );
    expect(
      only(render(<Spark points={points} label="Accuracy" />), byRole("img")).attributes[
        "aria-label"
      ],
    ).toBe("Accuracy");
  });
});

it("files are named after run and chart", () => {
  expect(fileName("message-triage Accuracy, % correct", "csv")).toBe(
    "message-triage-accuracy-correct.csv",
  );
  expect(fileName("…", "svg")).toBe("figure.svg");
});
