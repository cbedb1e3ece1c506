import { describe, expect, it } from "vitest";
import { accountErrors, credentialErrors } from "./sign-in-model.ts";

describe("what is written to sign in", () => {
  it.each([
    ["admin", "secret", []],
    ["", "secret", ["name"]],
    ["  ", "", ["name", "password"]],
    ["admin", " ", []],
  ])("%j with %j lacks %j", (name, password, fields) => {
    expect(Object.keys(credentialErrors({ name, password }))).toEqual(fields);
  });
});

describe("the first account", () => {
  it.each([
    ["abc", "admin", "correct horse", []],
    ["", "admin", "correct horse", ["code"]],
    ["abc", "Admin", "correct horse", ["name"]],
    ["abc", "9lives", "correct horse", ["name"]],
    ["abc", " admin ", "elevenchars", ["password"]],
    ["", "", "", ["code", "name", "password"]],
  ])("with %j, %j and %j lacks %j", (code, name, password, fields) => {
    expect(Object.keys(accountErrors({ code, name, password }))).toEqual(fields);
  });
});
