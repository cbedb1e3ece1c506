import { describe, expect, it } from "vitest";
import { coordinatorOf } from "./coordinator-origin.ts";

const [own, other, coordinator] = [
  "https://pages.example",
  "https://other.example",
  "https://fl.example",
];

describe("the coordinator behind a link", () => {
  it("is where the link leads, for pages that come from it", () => {
    expect(coordinatorOf(own, { own, builtFor: null })).toBe(own);
    expect(coordinatorOf(own)).toBe(own);
  });

  it("is the one that pages on a host of their own were built for", () => {
    const place = { own, builtFor: coordinator };
    expect(coordinatorOf(own, place)).toBe(coordinator);
    expect(coordinatorOf(coordinator, place)).toBe(coordinator);
    expect(coordinatorOf(other, place)).toBe(other);
  });
});
