import { describe, expect, it } from "vitest";
import { z } from "zod";
import { queryReader } from "./query.ts";

const read = queryReader(
  z.strictObject({
    from: z.int().default(0),
    rank: z.int().optional(),
    name: z.string().optional(),
  }),
);

describe("a query", () => {
  it.each<[string, Record<string, unknown>]>([
    ["/x", {}],
    ["/x?", {}],
    ["/x?from=12&name=12", { from: 12, name: "12" }],
    ["/x?rank=-3", { rank: -3 }],
    ["/x?name=a%20b+c%3F&", { name: "a b c?" }],
    ["/x?name", { name: "" }],
    ["/x?from=1e3", { from: "1e3" }],
    ["/x?from=0x10", { from: "0x10" }],
    ["/x?from=", { from: "" }],
    ["/x?from=99999999999999999999", { from: "99999999999999999999" }],
  ])("[AP2] %s is read as %j", (url, expected) => {
    expect(read(url)).toEqual(expected);
  });

  it("[AP2] keeps a name that reaches prototypes as a plain field, for the schema to refuse", () => {
    const value = read("/x?__proto__=1");
    expect(Object.keys(value)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it.each(["/x?from=1&from=2", "/x?a=%ff", "/x?%c0%80=1", "/x?a=%"])(
    "[AP2] %s is refused",
    (url) => {
      expect(() => read(url)).toThrow(
        expect.objectContaining({ code: "message-invalid" }) as Error,
      );
    },
  );
});
