import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { storable, toJson } from "./json.ts";

describe("JSON of the database", () => {
  it("[ST2] is that of JSON.stringify, but for negative zeros", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = toJson(value);
        expect(JSON.parse(text)).toEqual(value);
        expect(text.replaceAll(/(?<=^|[[,:])-0(?=$|[\],}])/g, "0")).toBe(JSON.stringify(value));
      }),
    );
  });

  it("[ST2] leaves out what is undefined, and has no number that JSON lacks", () => {
    expect(toJson({ a: undefined, b: [undefined, -0], c: NaN, d: undefined })).toBe(
      '{"b":[null,-0],"c":null}',
    );
  });

  it("[ST11] keeps text but for its null characters", () => {
    expect(storable("a\0b\u2028\0")).toBe("a\uFFFDb\u2028\uFFFD");
  });
});
