import { describe, expect, it } from "vitest";
import { readLink, takeLink } from "./link.ts";
import type { AddressBar } from "./link.ts";

function bar(href: string): AddressBar & { readonly seen: string[] } {
  const seen: string[] = [];
  const { hash } = new URL(href);
  const history = {
    state: { step: 1 },
    replaceState: (state: unknown, _: string, url: string) => {
      expect(state).toEqual({ step: 1 });
      seen.push(url);
    },
  };
  return { location: { href, hash }, history, seen };
}

describe("the link in a page's address", () => {
  it("[WP4] [SE7] is taken once: its secret is in the address and the history no longer", () => {
    const address = bar("https://fed.example/join/triage#token=fte_secret");
    expect(takeLink(address)).toBe("https://fed.example/join/triage#token=fte_secret");
    expect(address.seen).toEqual(["https://fed.example/join/triage"]);
  });

  it("is the page's address alone where there is no secret, and the history is left alone", () => {
    const address = bar("https://fed.example/join/triage/train?chart=table");
    expect(takeLink(address)).toBe("https://fed.example/join/triage/train?chart=table");
    expect(address.seen).toEqual([]);
  });

  it.each(["https://fed.example/join", "https://fed.example/join/mine", "https://fed.example/"])(
    "is none at %s, and what stands behind # goes all the same",
    (href) => {
      const address = bar(`${href}#token=fte_secret`);
      expect(takeLink(address)).toBeNull();
      expect(address.seen).toEqual([href]);
    },
  );
});

describe("reading a link", () => {
  it("[SE4] takes the link that an operator sends, and the pages of the road without a token", () => {
    const known = { url: "https://fed.example", run: "triage" };
    expect(readLink(" https://fed.example/join/triage#token=fte_x\n")).toEqual({
      ...known,
      token: "fte_x",
    });
    for (const page of ["", "/file", "/device", "/train?chart=table", "/done/"])
      expect(readLink(`https://fed.example/join/triage${page}`)).toEqual({ ...known, token: null });
  });

  it.each([
    "https://fed.example/join/triage/train#token=fte_secret",
    "https://fed.example/join/triage/other",
    "https://fed.example/join/..%2f/train",
    "https://user@fed.example/join/triage/train",
    "javascript:alert(1)//fed.example/join/triage/train",
    "fte_secret",
  ])("[SE7] refuses %s without repeating it", (text) => {
    const read = () => readLink(text);
    expect(read).toThrow(expect.objectContaining({ code: "usage" }));
    expect(read).not.toThrow(/secret|javascript|other/);
  });
});
