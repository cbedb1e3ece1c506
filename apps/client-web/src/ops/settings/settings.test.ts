import { describe, expect, it } from "vitest";
import { passwordErrors } from "./password-model.ts";

describe("a change of password", () => {
  it.each([
    ["old", "a new sentence", "a new sentence", []],
    ["", "a new sentence", "a new sentence", ["old"]],
    ["old", "short", "short", ["fresh"]],
    ["the same sentence", "the same sentence", "the same sentence", ["fresh"]],
    ["old", "a new sentence", "a new sentense", ["again"]],
  ])("from %j to %j and %j lacks %j", (old, fresh, again, fields) => {
    expect(Object.keys(passwordErrors({ old, fresh, again }))).toEqual(fields);
  });
});
