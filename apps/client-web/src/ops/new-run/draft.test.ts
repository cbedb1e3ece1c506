import { describe, expect, it } from "vitest";
import { dropDraft, keepDraft, readDraft } from "./draft.ts";
import type { DraftStorage } from "./draft.ts";

function memory(): DraftStorage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  };
}

describe("a form that was not finished", () => {
  const draft = { config: { name: "x", adapter: { rank: 4 } }, preset: "quick-demo" };

  it("comes back, and goes when it is done", () => {
    const storage = memory();
    keepDraft(storage, draft);
    expect(readDraft(storage)).toEqual(draft);
    dropDraft(storage);
    expect(readDraft(storage)).toBeNull();
  });

  it.each(["", "{", "[]", "null", '{"config":[],"preset":"a"}', '{"config":{}}'])(
    "is not there when %j was kept",
    (text) => {
      const storage = memory();
      storage.kept.set("new-run", text);
      expect(readDraft(storage)).toBeNull();
    },
  );

  it("is missed by nobody where storage is denied or full", () => {
    const full: DraftStorage = {
      ...memory(),
      setItem: () => {
        throw new DOMException("full", "QuotaExceededError");
      },
    };
    keepDraft(full, draft);
    keepDraft(null, draft);
    expect(readDraft(null)).toBeNull();
  });
});
