import { describe, expect, test } from "vitest";
import { pageAt, pageOf, pages, pathOf, shownPage, stepOf } from "./road.ts";

const kinds = [
  "invited",
  "file",
  "device",
  "ready",
  "starting",
  "training",
  "paused",
  "elsewhere",
] as const;
const ends = ["left", "finished", "refused", "failed"] as const;
const outside = [
  "opening",
  "unsupported",
  "no-storage",
  "no-invitation",
  "reading-invitation",
  "invitation-refused",
] as const;

describe("the road", () => {
  test.each([...kinds, ...ends])("%s has a page, and its address leads back to it", (stage) => {
    const page = pageOf(stage)!;
    const [, , run, segment] = pathOf("message-triage", page).split("/");
    expect([run, pageAt(segment)]).toEqual(["message-triage", page]);
    expect(shownPage(stage, page)).toBe(page);
  });

  test.each(outside)("%s is on no page of a run", (stage) => {
    expect(pageOf(stage)).toBeNull();
    expect(shownPage(stage, "train")).toBeNull();
  });

  test("what lies ahead cannot be jumped to, what lies behind can be read again", () => {
    expect(shownPage("invited", "train")).toBe("explain");
    expect(shownPage("file", "device")).toBe("file");
    expect(shownPage("ready", "file")).toBe("file");
    expect(shownPage("ready", "explain")).toBe("explain");
  });

  test("once training has begun, file and device are not changed any more", () => {
    for (const page of ["file", "device"] as const)
      expect(shownPage("training", page)).toBe("train");
    expect(shownPage("training", "explain")).toBe("explain");
    expect(shownPage("finished", "train")).toBe("done");
  });

  test("addresses that are no page are none", () => {
    expect(pageAt("explain")).toBeNull();
    expect(pageAt("constructor")).toBeNull();
    expect(pageAt(undefined)).toBe("explain");
  });

  test("four steps", () => {
    expect(pages.map(stepOf)).toEqual([0, 1, 2, 3, 3]);
  });
});
