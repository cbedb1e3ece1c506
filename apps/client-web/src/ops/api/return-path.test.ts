import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { signInAddress, wantedPath } from "./return-path.ts";

const search = (to: string) => `?to=${encodeURIComponent(to)}`;

describe("the address that was wanted", () => {
  it.each(["/runs/a?x=bytes#b", "/compare?runs=a,b", "/people", "/runs/new?preset=x%20y"])(
    "keeps %s",
    (path) => {
      expect(wantedPath(search(path))).toBe(path);
      expect(wantedPath(signInAddress(path).split("sign-in")[1] ?? "")).toBe(path);
    },
  );

  it.each([
    ...["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example"],
    ...["/\t/evil.example", "/.//evil.example", "/..//evil.example", "javascript:alert(1)"],
    ...["data:text/html,x", "runs", "", " /runs/a", "/sign-in?to=/sign-in", "http:/evil.example"],
    ...["/%2e//evil.example", "/\n\\evil.example"],
  ])("leads to the runs instead of %j", (path) => {
    expect(wantedPath(search(path))).toBe("/runs");
  });

  it("is of this site for every text", () => {
    const origin = "https://fed.example.org";
    const nasty = fc.array(fc.constantFrom("/", "\\", ".", "\t", "%2f", "@", ":", "evil.example"), {
      maxLength: 8,
    });
    const text = fc.oneof(
      fc.string(),
      fc.webUrl(),
      nasty.map((parts) => `/${parts.join("")}`),
    );
    fc.assert(
      fc.property(text, (to) => {
        const url = new URL(wantedPath(search(to)), origin);
        expect(url.origin).toBe(origin);
        expect(url.pathname).not.toMatch(/^\/\//);
      }),
    );
  });
});
