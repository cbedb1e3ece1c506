import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Router } from "wouter";
import { aRun } from "../test-support/runs.ts";
import { runs } from "../test-support/stub-runs.ts";
import { columnNames } from "./columns.ts";
import type { RunSummary } from "./run-state.ts";
import { RunsTable } from "./runs-table.tsx";
import { firstView, viewOf } from "./view.ts";

function drawn(list: readonly RunSummary[], search = ""): string {
  const nothing = (): void => undefined;
  return renderToStaticMarkup(
    <Router ssrPath="/runs">
      <RunsTable
        runs={list}
        view={viewOf(search, firstView)}
        chosen={new Set(["ward-notes"])}
        {...{ onChoose: nothing, onSort: nothing, onShowAll: nothing }}
      />
    </Router>,
  ).replaceAll("\u202F", " ");
}

describe("the table of runs", () => {
  it("shows each run with its state, progress, best value, privacy and bytes", () => {
    const html = drawn(runs);
    for (const text of ["Running", "26 / 40", "Waiting for people, 9 here", "2.31", "of 3.00"]) {
      expect(html).toContain(text);
    }
    expect(html).toContain("63.7 MB");
    expect(html).toContain("Failed, 9 of 12 updates in 3 attempts");
    expect(html.match(/aria-label="Needs a look"/g)).toHaveLength(2);
  });

  it("says where it is sorted, and which run is chosen", () => {
    const html = drawn(runs, "?sort=name");
    expect(html.match(/aria-sort="ascending"/g)).toHaveLength(1);
    expect(html.match(/aria-selected="true"/g)).toHaveLength(1);
  });

  it("says nothing in figures that there are not", () => {
    const html = drawn([aRun("fresh")], `?columns=${columnNames.join(",")}`);
    expect(html).toContain("withheld");
    expect(html).not.toMatch(/NaN|undefined|null/);
  });

  it("shows a name with markup as text", () => {
    const failure = { code: "internal", message: "<script>alert(1)</script>" } as const;
    const html = drawn([aRun("bad", { status: "failed", state: { failure } })]);
    expect(html).not.toContain("<script>");
  });

  it("says why it is empty", () => {
    expect(drawn([])).toContain("No run fits");
  });
});
