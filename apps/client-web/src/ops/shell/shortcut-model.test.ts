import { describe, expect, it } from "vitest";
import { press, takesText } from "./shortcut-model.ts";
import type { Press, Shortcut } from "./shortcut-model.ts";

const shortcut = (keys: string): Shortcut => ({ keys, title: keys, run: () => undefined });
const all = ["?", "n", "g r", "g c", "r"].map(shortcut);

const key = (text: string, others: Partial<Press> = {}): Press => ({
  ...{ key: text, ctrlKey: false, metaKey: false, altKey: false, isComposing: false },
  ...others,
});

function typed(text: string): readonly (string | undefined)[] {
  let pending: string | null = null;
  return text.split("").map((one) => {
    const pressed = press(all, key(one), pending);
    pending = pressed.pending;
    return pressed.shortcut?.keys;
  });
}

describe("shortcuts", () => {
  it.each([
    ["n", ["n"]],
    ["gr", [undefined, "g r"]],
    ["gc", [undefined, "g c"]],
    ["gn", [undefined, "n"]],
    ["ggr", [undefined, undefined, "g r"]],
    ["r", ["r"]],
    ["x?", [undefined, "?"]],
  ])("are found in %s", (text, keys) => {
    expect(typed(text)).toEqual(keys);
  });

  it.each([{ ctrlKey: true }, { metaKey: true }, { altKey: true }, { isComposing: true }])(
    "leave %j to the browser",
    (others) => {
      expect(press(all, key("n", others), null).shortcut).toBeNull();
    },
  );

  it("of a page go before those of the whole app", () => {
    const page = shortcut("n");
    expect(press([...all, page], key("n"), null).shortcut).toBe(page);
  });

  it.each([
    ["INPUT", {}, true],
    ["INPUT", { type: "checkbox" }, false],
    ["INPUT", { type: "search" }, true],
    ["TEXTAREA", {}, true],
    ["DIV", { role: "combobox" }, true],
    ["BUTTON", {}, false],
  ] as const)("are off where text goes in: %s %j", (tagName, attributes, expected) => {
    const getAttribute = (name: string) =>
      new Map<string, string>(Object.entries(attributes)).get(name) ?? null;
    expect(takesText({ tagName, getAttribute })).toBe(expected);
  });
});
