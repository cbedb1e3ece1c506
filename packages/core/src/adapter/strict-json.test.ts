import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStrictJson, type StrictJson } from "./strict-json.ts";

/** Maps as entry lists, so that both sides compare. */
function plain(value: StrictJson): unknown {
  if (value instanceof Map) {
    return {
      entries: [...(value as ReadonlyMap<string, StrictJson>)].map(([key, item]) => [
        key,
        plain(item),
      ]),
    };
  }
  return Array.isArray(value) ? (value as readonly StrictJson[]).map(plain) : value;
}

function plainObject(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainObject);
  if (typeof value !== "object" || value === null) return value;
  return { entries: Object.entries(value).map(([key, item]) => [key, plainObject(item)]) };
}

describe("strict JSON", () => {
  it("[AD7] reads what JSON.stringify writes, compact or indented", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        expect(plain(parseStrictJson(`${text} \n`, 12))).toEqual(plainObject(JSON.parse(text)));
      }),
    );
  });

  it("[AD7] accepts only what JSON.parse accepts", () => {
    const pieces = fc.constantFrom(
      '"a"',
      '"',
      "\\",
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      "1",
      "-",
      "e5",
      "nul",
      "true",
      " ",
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        let wanted: unknown;
        try {
          wanted = JSON.parse(text);
        } catch {
          expect(() => parseStrictJson(text, 20)).toThrow(SyntaxError);
          return;
        }
        try {
          expect(plain(parseStrictJson(text, 20))).toEqual(plainObject(wanted));
        } catch (error) {
          expect(String(error)).toContain("only once");
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['{"a":1,"a":2}', 'character 7: found "\\"a\\":2}", wanted "a" only once'],
    ['{"\\u0061":1,"a":2}', '"a" only once'],
    ["[[[]]]", "less nesting"],
    ['"a', "an end of this string"],
    ['"\\x"', "a well-formed string"],
    ["01", "nothing more"],
    [`[${"9".repeat(40)}]`, "a value"],
    ["", "a value"],
    ["{1:2}", "a string"],
    ['{"a" 1}', '":"'],
    ["[1 2]", '"," or "]"'],
  ])("[AD7] refuses %s and says where and why", (text, reason) => {
    expect(() => parseStrictJson(text, 2)).toThrow(reason);
  });

  it("[AD7] keys of the prototype are keys like any other", () => {
    const value = parseStrictJson('{"__proto__":{"x":1},"constructor":2}', 2);
    expect(plain(value)).toEqual({
      entries: [
        ["__proto__", { entries: [["x", 1]] }],
        ["constructor", 2],
      ],
    });
  });

  it("[AD7] deep nesting and long strings end quickly", () => {
    expect(() => parseStrictJson("[".repeat(1_000_000), 5)).toThrow("less nesting");
    expect(parseStrictJson(`"${"\\\\".repeat(200_000)}"`, 0)).toHaveLength(200_000);
    expect(() => parseStrictJson(`"${'\\"'.repeat(200_000)}`, 0)).toThrow(SyntaxError);
  });
});
