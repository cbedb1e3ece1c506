import { describe, expect, test } from "vitest";
import { copyReference } from "./used-rows.ts";

describe("the reference by which training finds a copy", () => {
  test.each([
    [
      { text: "a", label: "b" },
      { text: "text", textPair: null, label: "label" },
    ],
    [
      { text: "a", textPair: "c", label: "b" },
      { text: "text", textPair: "textPair" },
    ],
    [{ completion: "a" }, { text: "completion", completion: null, messages: null }],
    [
      { prompt: "a", completion: "b" },
      { prompt: "prompt", completion: "completion" },
    ],
    [{ messages: "a" }, { messages: "messages" }],
  ])("%j", (mapping, reference) => {
    expect(copyReference("rows.jsonl", mapping)).toMatchObject({
      ...{ path: "rows.jsonl", format: "jsonl" },
      ...reference,
    });
  });
});
