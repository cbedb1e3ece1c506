import { describe, expect, test } from "vitest";
import type { FileProblem } from "../../participant/index.ts";
import {
  pictureFacts,
  pictureFile,
  pictureRoad,
  pictureRun,
} from "../test-support/picture-states.ts";
import { nowMs } from "../test-support/fixture.ts";
import { donePageView } from "./done.ts";
import { filePageView } from "./file.ts";
import { problemViews } from "./file-problems.ts";
import { trainedFold } from "./trained.ts";

const about = { invitation: pictureRun, facts: pictureFacts };
const problemView = (problem: FileProblem) => problemViews([problem], about)[0]!;

describe("a run of pictures", () => {
  test("asks for a folder, and says what is in it", () => {
    const view = filePageView(pictureFile({ kind: "none" }));
    expect([view.isFolder, view.title, view.words.choose]).toEqual([
      ...[true, "Choose your folder of photographs", "Choose a folder"],
    ]);
    expect(view.needs.join()).not.toContain("column");
  });

  test("shows a few pictures and how often each label occurs, and no columns", () => {
    const { file, canGoOn } = filePageView(pictureFile({ kind: "usable", facts: pictureFacts }));
    expect([canGoOn, file?.preview, file?.mapping]).toEqual([true, null, []]);
    expect(file?.pictures?.caption).toBe("12 of 318 photographs");
    expect(file?.pictures?.shown.map(({ label }) => label).slice(0, 4)).toEqual([
      ...["Ladybird", "Ladybird", "Ladybird", "Aphid"],
    ]);
    expect(file?.labels.map(({ count }) => count)).toEqual(["64", "112", "45", "97"]);
  });

  test("names broken pictures by their paths", () => {
    const pictures = [{ path: "Aphid/7.jpg", reason: "content" }] as const;
    const one = problemView({ kind: "pictures-broken", count: 1, pictures });
    expect(one.title).toBe("One file cannot be read as a picture");
    expect(one.text).toMatch(/^Aphid\/7\.jpg\. Nothing was changed/);
    const many = problemView({ kind: "pictures-broken", count: 14, pictures });
    expect([many.title, many.text.slice(0, 23)]).toEqual([
      ...["14 files cannot be read as pictures", "Aphid/7.jpg and 13 more"],
    ]);
  });

  test("says of folders what it says of labels, and no lines", () => {
    const labels = [{ label: "Aphids", rows: 5, line: 3, nearest: "Aphid" }];
    const view = problemView({ kind: "labels-unknown", rows: 5, labels });
    expect(view.text).toContain("in the folder “Aphids”");
    expect(view.text).not.toContain("line");
    expect(view.offers[0]).toMatchObject({ kind: "labels", leaveOut: "Leave out 5 photographs" });
  });

  test.each<FileProblem>([
    { kind: "no-pictures", name: "holiday" },
    { kind: "format-unknown", name: "rows.csv", isFolder: false },
    { kind: "too-large", bytes: 4e9, limitBytes: 2e9 },
    { kind: "too-few-rows", rows: 0, wanted: 10 },
    { kind: "copy-lost" },
  ])("$kind asks for another folder", (problem) => {
    const { title, text, offers } = problemView(problem);
    expect(title + text).not.toMatch(/[{}]|CSV|column/);
    expect(offers.find(({ kind }) => kind === "choose-file")).toMatchObject({
      button: expect.stringContaining("folder") as string,
    });
  });

  test("is tried with a picture; the length of texts means nothing there", () => {
    const stage = { kind: "finished", status: "completed", rounds: 40, ...pictureRoad } as const;
    const view = donePageView(stage, { timeZone: "UTC", nowMs });
    expect([view.tryGives, view.tryPicture.button]).toEqual([
      ...["labels-of-picture", "Choose a photograph"],
    ]);
    expect(JSON.stringify(trainedFold(pictureRun).facts)).not.toContain("tokens");
  });
});
