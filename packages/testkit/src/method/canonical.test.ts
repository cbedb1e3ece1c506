import { layoutOf } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { expectCanonicalPair } from "./canonical.ts";

const layout = layoutOf([
  { name: "m.A", module: "m", role: "down", shape: [2, 2] },
  { name: "m.B", module: "m", role: "up", shape: [3, 2] },
]);

describe("expectCanonicalPair", () => {
  it.each([
    [
      "accepts falling lengths and positive largest entries",
      [1, 0, 0, 1],
      [4, 1, 0, 2, 3, 0],
      true,
    ],
    ["accepts equal lengths", [1, 0, 0, 1], [1, 0, 0, 1, 0, 0], true],
    ["refuses a row whose largest entry is negative", [1, 0, 0.5, -1], [4, 1, 0, 2, 3, 0], false],
    ["refuses rising lengths", [1, 0, 0, 1], [1, 4, 2, 0, 0, 3], false],
  ])("%s", (_what, down, up, canonical) => {
    const check = expect(() => {
      expectCanonicalPair(layout, Float32Array.from([...down, ...up]));
    });
    if (canonical) check.not.toThrow();
    else check.toThrow();
  });
});
