import { errorCodes } from "@fedtune/core";
import { describe, expect, test } from "vitest";
import { actionWords, messageWords } from "../words/messages.ts";
import type { MessageKind } from "../words/messages.ts";
import { contactLink, kindOf, message, messageOfError } from "./messages.ts";

describe("a message for every code", () => {
  test.each(errorCodes)("%s says what happened, and has one button", (code) => {
    const found = messageOfError({ code });
    expect(found.title).toMatch(/^[A-Z]/);
    expect(found.text).toMatch(/\.$/);
    expect(found.text.length).toBeGreaterThan(20);
    expect(found.action.label).toBe(actionWords[found.action.id]);
    expect(found.code).toBe(code);
    expect(found.title + found.text).not.toMatch(/[{}]/);
  });

  test("the text does not hang on the English of an error", () => {
    const data = { message: "anything at all" };
    expect(messageOfError({ code: "timeout", data })).toEqual(messageOfError({ code: "timeout" }));
  });

  test.each(Object.keys(messageWords) as MessageKind[])("%s is whole without any fact", (kind) => {
    const { title, text } = message(kind);
    expect(title + text).not.toMatch(/[{}]|\s[.,;]|\s\s|“”/);
    expect(text).toMatch(/^[A-Z“]/);
  });

  test("stopping is not an error", () => {
    expect(messageOfError({ code: "cancelled" }).tone).toBe("idle");
  });
});

describe("facts fill a message", () => {
  test("an invitation that has ended names day and organiser", () => {
    const facts = { organiser: "Example University Hospital", date: "30 Nov 2026" };
    expect(messageOfError({ code: "credential-expired" }, facts).text).toBe(
      "It was open until 30 Nov 2026. Nothing was sent. Ask Example University Hospital for a new link.",
    );
  });

  test("a fact at the start of a sentence gets its capital", () => {
    expect(messageOfError({ code: "credential-revoked" }).text).toMatch(/^The organiser has ended/);
  });

  test("a refusal says what was wrong, with its numbers where they are known", () => {
    expect(messageOfError({ code: "norm-exceeded" }, { norm: "41.7", limit: "10" }).text).toMatch(
      /^They were too large: 41.7, the limit is 10\. Your file was not damaged/,
    );
    expect(messageOfError({ code: "norm-exceeded" }).text).toMatch(/^They were too large\. Your/);
  });

  test("the codes of a data holder's day have messages of their own", () => {
    const kinds = [
      "credential-expired",
      "budget-exhausted",
      "storage-failed",
      "transport-closed",
    ] as const;
    expect(new Set(kinds.map(kindOf)).size).toBe(kinds.length);
  });
});

describe("the way to the organiser", () => {
  test("an address becomes a letter, a page a link", () => {
    expect(contactLink("Dr. M. Keller, triage@example.org", "triage")).toBe(
      "mailto:triage@example.org?subject=triage",
    );
    expect(contactLink("https://example.org/contact", "triage")).toBe(
      "https://example.org/contact",
    );
  });

  test.each([null, "", "call us", "javascript:alert(1)", "http://example.org", "a@b"])(
    "%s is no way",
    (contact) => {
      expect(contactLink(contact, "triage")).toBeNull();
    },
  );

  test("nothing is smuggled into the letter", () => {
    expect(contactLink("a@example.org?bcc=evil@example.net", "x&body=y")).toBe(
      "mailto:a@example.org?subject=x%26body%3Dy",
    );
  });
});
