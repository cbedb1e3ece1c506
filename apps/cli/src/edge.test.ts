import { errorCodes, FedtuneError, inputError } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { exitCodeOf, exitCodes, failureJson, failureOf, failureText } from "./edge.ts";

describe("exit codes", () => {
  it.each(errorCodes)("[CI15] %s has an exit code of the table", (code) => {
    const exit = exitCodeOf(failureOf(new FedtuneError(code, "x")));
    expect(Object.values(exitCodes)).toContain(exit);
    expect(exit).not.toBe(exitCodes.ok);
  });

  it.each([
    ["ENOENT", "file-missing", 3],
    ["EACCES", "file-unreadable", 3],
    ["EADDRINUSE", "port-in-use", 5],
    ["ECONNREFUSED", "transport-closed", 4],
    ["EMFILE", "internal", 1],
  ])("[CI15] Node's %s leaves as %s", (system, code, exit) => {
    const failure = failureOf(Object.assign(new Error("no"), { code: system }));
    expect([failure.code, exitCodeOf(failure)]).toEqual([code, exit]);
  });

  it("[CI15] anything else is internal, and an abort is an interrupt", () => {
    expect(failureOf("oops")).toMatchObject({ code: "internal", message: "oops" });
    expect(exitCodeOf(failureOf(AbortSignal.abort().reason))).toBe(130);
  });
});

describe("error texts", () => {
  const error = inputError(
    [
      { field: "rounds.numRounds", value: 0, wanted: "number >= 1" },
      { field: "seeed", value: undefined, wanted: 'a known key (did you mean "seed"?)' },
    ],
    { what: "the run config" },
  );

  it("[CI3] an error is its code and one sentence, and each wrong field has its own line", () => {
    expect(failureText(failureOf(error), { verbose: false }).split("\n")).toEqual([
      "error config-invalid: Cannot read the run config",
      "  rounds.numRounds = 0, wanted number >= 1",
      '  seeed = (missing), wanted a known key (did you mean "seed"?)',
    ]);
  });

  it("[CI3] a stack is shown only when asked for", () => {
    const failure = failureOf(new FedtuneError("run-failed", "Cannot finish the run"));
    expect(failureText(failure, { verbose: false })).toBe(
      "error run-failed: Cannot finish the run",
    );
    expect(failureText(failure, { verbose: true })).toContain("edge.test.ts");
  });

  it("[CI12] as JSON an error has code, message and data", () => {
    expect(failureJson(failureOf(error))).toEqual({
      error: { code: "config-invalid", message: error.message, data: error.data },
    });
  });
});
