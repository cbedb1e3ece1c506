import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { renderToStaticMarkup } from "react-dom/server";
import type { ReactNode } from "react";
import { describe, expect, test } from "vitest";
import { sampleEpsilon } from "./fixture/config.ts";
import { sampleHistory } from "./fixture/history.ts";
import { openChanges, openDetails, openRound, sampleCost, sampleDetails } from "./fixture/now.ts";
import { finishTimes } from "./model/forecast.ts";
import { indexName, membersOf } from "./model/members.ts";
import { privacyView } from "./model/privacy.ts";
import { roundFigures } from "./model/round-figures.ts";
import { settingsOf } from "./model/settings.ts";
import { roundClock, roundStrip } from "./model/strip.ts";
import type { RoundStrip as Strip } from "./model/strip.ts";
import { KeyFigures } from "./overview/key-figures.tsx";
import { RoundStrip } from "./overview/strip/round-strip.tsx";
import { outlookText } from "./overview/strip/strip-words.ts";
import { Waiting } from "./overview/strip/waiting.tsx";
import { PhaseBar } from "./rounds/phase-bar.tsx";
import { tabHref, tabLinks, tabOf } from "./run-tabs.ts";
import type { RunViews } from "./use-run-data.ts";
import { searchWith } from "./use-search-state.ts";
import { refusalText, shortRefusal } from "./words.ts";

const html = (content: ReactNode): string =>
  renderToStaticMarkup(
    <QueryClientProvider client={new QueryClient()}>{content}</QueryClientProvider>,
  );
/** What is read, without tags. */
const text = (content: ReactNode): string =>
  html(content)
    .replace(/<[^>]*>/g, " ")
    .replace(/\u202f/g, " ")
    .replace(/\s+/g, " ");

const history = sampleHistory();
const run = sampleDetails(history);
const settings = settingsOf(run.config);
const rows = roundFigures({ ...history, epsilonAfter: sampleEpsilon });
const views: RunViews = {
  ...{
    id: run.id,
    configHash: run.configHash,
    settings,
    rows,
    cost: sampleCost,
    isSimulation: false,
    run,
  },
  privacy: privacyView({ run, estimate: sampleCost.epsilon }),
};

function stripOf(count: number): Strip {
  const first = openDetails().attempts[0]!;
  const members = Array.from({ length: count }, (_, index) => ({
    ...first.members[index % 18]!,
    index,
    client: null,
  }));
  const changes = new Map(openChanges().map((change) => [change.index, change]));
  return roundStrip({
    ...{ state: run.state, times: finishTimes([...history.details.values()]), quorum: 12 },
    members: membersOf({
      ...{ timeline: { ...first, members }, live: { round: openRound, attempt: 1, changes } },
      nameOf: indexName,
    }),
    clock: roundClock({ remainingMs: 102_000, toldAtMs: 0 }, { nowMs: 0, roundTimeoutMs: 360_000 }),
  });
}

describe("the strip", () => {
  test("has a tile for each member, named by its index where names are not told", () => {
    const markup = html(<RoundStrip strip={stripOf(18)} closesAtMs={null} />);
    expect(markup.match(/data-tone="ok" title="c\d\d: Uploaded/g)).toHaveLength(10);
    expect(markup).toContain("c16: Refused, norm above limit");
    expect(markup).toContain(
      "18 selected: 10 uploaded, 1 uploading, 5 training, 1 refused, 1 away.",
    );
  });

  test.each([
    [24, 24, "Uploaded"],
    [100, 100, "Uploaded"],
    [600, 6, null],
  ])("of %i members draws %i parts", (count, parts, word) => {
    const markup = html(<RoundStrip strip={stripOf(count)} closesAtMs={null} />);
    const drawn = markup.match(/<(li|i) class="[^"]*(tile|square|part)[^"]*"/g) ?? [];
    expect(drawn).toHaveLength(parts);
    if (word !== null) expect(markup).toContain(word);
  });

  test("of a hidden round says so and counts nobody", () => {
    const state = { ...run.state, counts: null, target: null };
    const hidden = roundStrip({
      state,
      members: [],
      times: finishTimes([]),
      quorum: 12,
      clock: null,
    });
    const said = text(<RoundStrip strip={hidden} closesAtMs={null} />);
    expect(said).toContain("Who takes part is hidden");
    expect(said).toContain("12 needed");
    expect(said).not.toMatch(/\d+ uploaded/);
  });

  const at = { needed: 12, target: 16 };
  test.each([
    [{ kind: "reached", atMs: 200_000 }, "Quorum met", /at 3:20. It closes with 16./, "plain"],
    [{ kind: "on-course", atMs: 1, more: 1 }, "On course:", /1 more is expected/, "plain"],
    [{ kind: "tight", atMs: 1, spareMs: 40_000 }, "Tight:", /0:40 before the deadline/, "wait"],
    [{ kind: "late", atMs: 1, missingMs: 70_000 }, "At risk:", /1:10 after the deadline/, "bad"],
    [{ kind: "impossible", atMost: 9 }, "At risk:", /12 needed, at most 9 can come: lower/, "bad"],
    [{ kind: "unknown" }, "", /No forecast/, "plain"],
  ] as const)("%j", (outlook, word, sentence, tone) => {
    const said = outlookText(outlook, at);
    expect(said).toMatchObject({ word, tone });
    expect(said.text).toMatch(sentence);
  });
});

describe("what a run does instead", () => {
  const waiting = (changes: Partial<typeof run.state>): string =>
    text(
      <Waiting
        run={{ ...run, state: { ...run.state, ...changes } }}
        settings={settings}
        toldAtMs={0}
      />,
    );

  test.each([
    [{ phase: "waiting" as const, present: 9 }, /Round 28 opens with 16 people 9 of 16 are here/],
    [
      { phase: "waiting" as const, paused: true },
      /Paused Nothing happens until somebody resumes it/,
    ],
    [{ phase: "aggregating" as const }, /Aggregating The updates of round 27 become one adapter/],
    [{ phase: "evaluating" as const }, /Evaluating The adapter of round 27 is evaluated/],
  ])("%j is named by what it waits for", (changes, said) => {
    expect(waiting(changes)).toMatch(said);
  });

  test("nothing where it has ended", () => {
    expect(
      html(<Waiting run={{ ...run, status: "completed" }} settings={settings} toldAtMs={0} />),
    ).toBe("");
  });
});

describe("the key figures", () => {
  test("add up with the fixture", () => {
    const said = text(<KeyFigures views={views} openMs={258_000} />);
    expect(said).toMatch(/Accuracy, mean over clients 80\.3 %.*since round 21; best 81\.4 %/);
    expect(said).toMatch(/147\.6 kB.*60\.5 MB in all, 47 % of dense LoRA/);
    expect(said).toMatch(/2\.34 of ε 3\.00.*2\.76 projected at round 40/);
    expect(said).toMatch(/Time left, about .* median round/);
  });

  test("are withheld where they would tell who took part, and dashes before there is anything", () => {
    const hidden = {
      ...views,
      rows: [],
      privacy: null,
      run: { ...run, presence: "hidden" as const },
    };
    const said = text(<KeyFigures views={hidden} openMs={null} />);
    expect(said).toContain("First value after round 1");
    expect(said).toContain("Time left withheld");
    expect(said).toContain("No promise");
    expect(said).not.toMatch(/\b0\.00\b/);
  });
});

describe("small parts", () => {
  test("a phase bar says its parts", () => {
    const phases = { select: 3_000, train: 60_000, upload: 4_000, wait: 0, aggregate: 900 };
    const markup = html(<PhaseBar phases={phases} totalMs={0} wholeMs={360_000} />);
    expect(markup).toContain("select 0:03, train 1:00, upload 0:04, wait 0:00, aggregate 0:00");
  });

  test("tabs have their addresses, and no others are taken", () => {
    expect(tabOf(undefined)).toBe("overview");
    expect(tabOf("rounds")).toBe("rounds");
    expect(tabOf("overview")).toBeNull();
    expect(tabOf("nonsense")).toBeNull();
    expect(tabHref("a b", "participants", "c/d")).toBe("/runs/a%20b/participants/c%2Fd");
    expect(tabLinks(run, rows).map(({ count }) => count)).toEqual([
      ...[undefined, "27", "38", undefined, "12", undefined, undefined, "30"],
    ]);
    const hidden = tabLinks({ ...run, presence: "hidden" }, rows);
    expect(hidden[2]?.count).toBeUndefined();
  });

  test("the address changes by one value", () => {
    expect(searchWith("a=1&b=2", "b", null)).toBe("?a=1");
    expect(searchWith("", "find", "a b")).toBe("?find=a+b");
    expect(searchWith("a=1", "a", null)).toBe("");
  });

  test("refusals have words, with their limit; a code without words stands for itself", () => {
    expect(refusalText("norm-exceeded", { maxNorm: 10 })).toBe("update norm above the limit, 10.0");
    expect(refusalText("internal", { maxNorm: null })).toBe("internal");
    expect(shortRefusal("not-finite")).toBe("not finite");
  });
});
