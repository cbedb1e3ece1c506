/** Every state of every page as markup: nothing unfilled, one heading, one main landmark. */
import { describe, expect, test } from "vitest";
import { DevicePage } from "./device/device-page.tsx";
import { DonePage } from "./done/done-page.tsx";
import { ExplainPage } from "./explain/explain-page.tsx";
import { FilePage } from "./file/file-page.tsx";
import { MinePage } from "./mine/mine-page.tsx";
import { pageAt } from "./model/road.ts";
import { StagePage } from "./status/stage-page.tsx";
import { markupOf, readText } from "./test-support/markup.tsx";
import { states } from "./test-support/states.ts";
import type { PageState } from "./test-support/states.ts";
import { TrainPage } from "./train/train-page.tsx";

/** The page of a state; the one for entering a link needs a browser. */
function pageFor({ path, snapshot: { stage } }: PageState) {
  if (path === "/join/mine") return <MinePage />;
  if (!("invitation" in stage)) return <StagePage stage={stage} />;
  switch (pageAt(path.split("/")[3])) {
    case "file":
      return <FilePage stage={stage} />;
    case "device":
      return <DevicePage stage={stage} />;
    case "train":
      return <TrainPage stage={stage as Parameters<typeof TrainPage>[0]["stage"]} />;
    case "done":
      return <DonePage stage={stage as Parameters<typeof DonePage>[0]["stage"]} />;
    default:
      return <ExplainPage stage={stage} />;
  }
}

describe("every state of every page", () => {
  test.each(Object.entries(states).filter(([name]) => name !== "enter"))("%s", (_name, state) => {
    const markup = markupOf(pageFor(state), state);
    const text = readText(markup);
    expect(markup.match(/<h1/g)).toHaveLength(1);
    expect(markup.match(/<main/g)).toHaveLength(1);
    expect(text).not.toMatch(/undefined|NaN|\[object|\{\w+\}|\*\*| null |Infinity/);
    // Levels of headings are never jumped over.
    const levels = [...markup.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level));
    expect(levels.every((level, i) => level <= (levels[i - 1] ?? 0) + 1)).toBe(true);
  });

  test("the numbers of the sample run are on its pages", () => {
    const read = (name: string) => readText(markupOf(pageFor(states[name]!), states[name]!));
    expect(read("explain")).toContain("At most 5.9 MB of numbers in the whole run");
    expect(read("train")).toContain("Round 12 of 40: learning from your 1,842 messages");
    expect(read("train")).toContain("8 accepted 1 missed 2 not asked 28 to come");
  });
});
