import { describe, expect, test } from "vitest";
import type { Stage, StageKind } from "../../participant/index.ts";
import { freshRoad, road } from "../test-support/fixture.ts";
import { followingPage, pageAt, pageOf, pages, pathOf, shownPage, stepOf } from "./road.ts";

/** Only the kind and the road matter here. */
const at = (kind: StageKind, on = freshRoad): Stage => ({ kind, ...on }) as Stage;

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
    expect(shownPage(at(stage), page)).toBe(page);
  });

  test.each(outside)("%s is on no page of a run", (stage) => {
    expect(pageOf(stage)).toBeNull();
    expect(shownPage(at(stage), "train")).toBeNull();
  });

  test("what lies ahead cannot be jumped to, what lies behind can be read again", () => {
    expect(shownPage(at("invited"), "train")).toBe("explain");
    expect(shownPage(at("file"), "device")).toBe("file");
    expect(shownPage(at("ready"), "file")).toBe("file");
    expect(shownPage(at("ready"), "explain")).toBe("explain");
  });

  test("once training has begun, file and device are not changed any more", () => {
    for (const page of ["file", "device"] as const)
      expect(shownPage(at("training"), page)).toBe("train");
    expect(shownPage(at("training"), "explain")).toBe("explain");
    expect(shownPage(at("finished"), "train")).toBe("done");
  });

  test("with a usable file the check of the device is open", () => {
    expect(shownPage(at("file", road), "device")).toBe("device");
  });

  test("one goes on by oneself, but a file is looked at first", () => {
    expect(followingPage("invited", "file")).toBe("file");
    expect(followingPage("file", "device")).toBeNull();
    expect(followingPage("device", "ready")).toBeNull();
    expect(followingPage("ready", "starting")).toBe("train");
    expect(followingPage("training", "paused")).toBeNull();
    expect(followingPage("training", "finished")).toBe("done");
    expect(followingPage("training", "no-invitation")).toBeNull();
    expect(followingPage("device", "file")).toBe("file");
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
