import { describe, expect, it } from "vitest";
import { codeOf, isTransient, reasonOf } from "./transient.ts";

const withCode = (code: string, message = "x") => Object.assign(new Error(message), { code });

/** As Prisma reports what its adapter met. */
const hidden = Object.assign(
  withCode("P2039", "\nInvalid `prisma.run.findMany()` invocation in\n"),
  {
    meta: {
      driverAdapterError: Object.assign(new Error("the connection ended"), {
        cause: { kind: "postgres", originalCode: "57P01", message: "terminating connection" },
      }),
    },
  },
);

describe("what passes by itself", () => {
  it.each([
    ...["08006", "57P01", "57P02", "57P03", "40001", "40P01", "53300", "55P03", "25006", "25P03"],
    ...["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "ENOENT", "EAI_AGAIN"],
    ...["P1001", "P1017", "P2024", "P2034"],
  ])("[ST15] %s does", (code) => {
    expect(isTransient(withCode(code))).toBe(true);
    expect(isTransient(new Error("outer", { cause: withCode(code) }))).toBe(true);
    expect(isTransient({ name: "DriverAdapterError", cause: { originalCode: code } })).toBe(true);
  });

  it.each([
    "Connection terminated unexpectedly",
    "Connection terminated due to connection timeout",
    "timeout exceeded when trying to connect",
    "timeout expired",
    "Query read timeout",
    "Client has encountered a connection error and is not queryable",
  ])("[ST15] '%s' does", (message) => {
    expect(isTransient(new Error(message))).toBe(true);
  });

  it("[ST15] finds what Prisma hides, and the parts of an aggregate", () => {
    expect(isTransient(hidden)).toBe(true);
    expect([codeOf(hidden), reasonOf(hidden)]).toEqual(["57P01", "terminating connection"]);
    const refused = new AggregateError([withCode("ECONNREFUSED", "connect ECONNREFUSED ::1")], "");
    expect(isTransient(refused)).toBe(true);
    expect(reasonOf(refused)).toBe("connect ECONNREFUSED ::1");
  });

  it.each(["23505", "42P01", "28P01", "53100", "3D000", "P2002"])("%s does not", (code) => {
    expect(isTransient(withCode(code))).toBe(false);
  });

  it("neither does what is no error of a database", () => {
    const circular: { cause?: unknown } = {};
    circular.cause = circular;
    for (const thing of [null, undefined, "57P01", new Error("no"), circular]) {
      expect(isTransient(thing)).toBe(false);
    }
    expect(reasonOf("nothing")).toBe("nothing");
  });
});
