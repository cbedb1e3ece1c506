import { isFedtuneError } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { relayPlace, shownPlace } from "./relay-place.ts";

describe("a place of a relay", () => {
  const none = { username: "", password: "", db: 0, tls: false };

  it.each([
    ["redis://cache", { ...none, host: "cache", port: 6379 }, "cache:6379"],
    ["redis://cache:7000/", { ...none, host: "cache", port: 7000 }, "cache:7000"],
    ["redis://[::1]:7000", { ...none, host: "::1", port: 7000 }, "[::1]:7000"],
    ["rediss://cache/3", { ...none, host: "cache", port: 6379, tls: true, db: 3 }, "cache:6379"],
    ["redis://:a%2Fb@cache", { ...none, host: "cache", port: 6379, password: "a/b" }, "cache:6379"],
    [
      "redis://fed:%40%3A@cache",
      { ...none, host: "cache", port: 6379, username: "fed", password: "@:" },
      "cache:6379",
    ],
  ])("[OP3] %s is read, and named without its secrets", (text, place, shown) => {
    expect(relayPlace(text)).toEqual(place);
    expect(shownPlace(relayPlace(text))).toBe(shown);
  });

  it.each([
    "",
    "cache:6379",
    "http://fed:hunter2@cache",
    "redis://",
    "redis://:hunter2@",
    "redis://fed:hunter2@cache:99999",
    "redis://fed:hunter2@cache/jobs",
    "redis://fed:hunter2@cache/1/2",
    "redis://fed:hunter2@cache?db=2",
    "redis://fed:hunter2@cache#2",
    "redis://fed:hunter2%@cache",
  ])("[OP3] %j is refused, and shows no secret", (text) => {
    try {
      relayPlace(text);
    } catch (error) {
      expect(isFedtuneError(error, "config-invalid")).toBe(true);
      expect(String(error)).toContain("wanted redis://");
      expect(String(error)).not.toContain("hunter2");
      return;
    }
    throw new Error("it was read");
  });
});
