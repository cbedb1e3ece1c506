import { describe, expect, test } from "vitest";
import { readEntry } from "./enter.ts";

const here = "https://fed.example.org";
const link = "https://fed.example.org/join/message-triage#token=fte_abc";

describe("what was put into the field", () => {
  test("a link of this server", () => {
    expect(readEntry(link, here)).toEqual({ kind: "here", run: "message-triage", link });
    expect(readEntry(`  ${link}\n`, here).kind).toBe("here");
  });

  test("a link in a sentence", () => {
    expect(readEntry(`Dear all, please open (${link}). Thank you!`, here)).toMatchObject({ link });
  });

  test("a link of another server is told apart", () => {
    expect(readEntry(link, "https://other.example")).toEqual({
      kind: "elsewhere",
      server: "fed.example.org",
      link,
    });
  });

  test.each([
    "hello",
    "https://fed.example.org/",
    "https://fed.example.org/runs/triage",
    "https://fed.example.org/join/mine",
    "https://fed.example.org@evil.example/join/x",
    "javascript:alert(1)//https://",
    "ftp://fed.example.org/join/x",
    "https://fed.example.org/join/a%2Fb",
  ])("%s is no invitation", (text) => {
    expect(readEntry(text, here).kind).toBe("not-a-link");
  });

  test("nothing is nothing", () => {
    expect(readEntry("  ", here)).toEqual({ kind: "empty" });
  });
});
