import { describe, expect, it } from "vitest";
import { firstToken, personErrors, tokenErrors, tokenState, withScope } from "./people-model.ts";
import type { Token } from "./people-model.ts";

const token: Token = {
  ...{ id: "7f3b4f0e-7f3b-4f0e-8f3b-7f3b4f0e7f3b", name: "ci", scopes: ["runs:read"] },
  ...{ operator: "admin", createdAt: "2026-11-01T00:00:00Z", expiresAt: null, revokedAt: null },
  lastUsedAt: null,
};
const now = Date.parse("2026-11-20T00:00:00Z");

describe("a token", () => {
  it.each([
    [{}, "valid"],
    [{ expiresAt: "2026-11-20T00:00:01Z" }, "valid"],
    [{ expiresAt: "2026-11-20T00:00:00Z" }, "expired"],
    [{ expiresAt: "2026-11-19T00:00:00Z", revokedAt: "2026-11-18T00:00:00Z" }, "revoked"],
  ] as const)("with %j is %s", (times, state) => {
    expect(tokenState({ ...token, ...times }, now)).toBe(state);
  });

  it("needs a name and something to do", () => {
    expect(tokenErrors({ ...firstToken, name: "ci" })).toEqual({});
    expect(Object.keys(tokenErrors({ ...firstToken, name: " ", scopes: [] }))).toEqual([
      ...["name", "scopes"],
    ]);
  });

  it("keeps its scopes in the order of the API", () => {
    expect(withScope(["admin"], "runs:read", true)).toEqual(["runs:read", "admin"]);
    expect(withScope(["runs:read", "admin"], "runs:read", false)).toEqual(["admin"]);
  });
});

describe("a person", () => {
  it.each([
    ["keller", "correct horse", []],
    ["Keller", "correct horse", ["name"]],
    ["keller", "short", ["password"]],
  ])("called %j with %j lacks %j", (name, password, fields) => {
    expect(Object.keys(personErrors({ name, password, role: "viewer" }))).toEqual(fields);
  });
});
