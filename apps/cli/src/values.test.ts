import { describe, expect, it } from "vitest";
import { assignment, weightedFolder } from "./values.ts";

describe("option values", () => {
  it.each([
    ["a=1", "a", 1],
    ["a.b=text", "a.b", "text"],
    ["a=null", "a", null],
    ['a=["x"]', "a", ["x"]],
    ["a=x=y", "a", "x=y"],
    ["a=", "a", ""],
  ])("[CI14] %s", (text, key, value) => {
    expect(assignment(text)).toEqual([{ key, value }]);
  });

  it.each([
    ["clinic", "clinic", 1],
    ["clinic:120", "clinic", 120],
    ["./a/b:0.5", "./a/b", 0.5],
    ["C:\\adapters\\a", "C:\\adapters\\a", 1],
    ["/data/x:y/a", "/data/x:y/a", 1],
  ])("[CI7] %s is a folder with its weight", (text, folder, weight) => {
    expect(weightedFolder(text)).toEqual([{ folder, weight }]);
  });

  it.each(["a:", "a:-1", "a:many", "a:Infinity"])("[CI2] %s is refused", (text) => {
    expect(() => weightedFolder(text)).toThrow("weight >= 0");
  });
});
