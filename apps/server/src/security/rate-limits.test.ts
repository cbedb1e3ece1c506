import { isFedtuneError } from "@fedtune/core";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { rateLimits } from "./rate-limits.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** How long a promise's refusal tells to wait; null: it is not refused. */
async function waitOf(work: Promise<void>): Promise<unknown> {
  const error: unknown = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error === null) return null;
  if (!isFedtuneError(error, "rate-limited")) throw new Error("not a refusal", { cause: error });
  return error.data["retryAfterMs"];
}

describe("rate limits", () => {
  it("[SE10] refuse what is too much with the time to wait, after which it is taken again", async () => {
    const limits = rateLimits({ identified: { points: 3, seconds: 60 } });
    for (let i = 0; i < 3; i++) expect(await waitOf(limits.take("identified", "ada"))).toBeNull();
    vi.advanceTimersByTime(20_000);
    expect(await waitOf(limits.take("identified", "ada"))).toBe(40_000);
    expect(await waitOf(limits.take("identified", "bob"))).toBeNull();
    vi.advanceTimersByTime(39_999);
    expect(await waitOf(limits.take("identified", "ada"))).toBe(1);
    vi.advanceTimersByTime(1);
    expect(await waitOf(limits.take("identified", "ada"))).toBeNull();
  });

  it("[SE10] count bytes", async () => {
    const limits = rateLimits({ uploadBytes: { points: 100, seconds: 60 } });
    expect(await waitOf(limits.take("uploadBytes", "toy/ada", 60))).toBeNull();
    expect(await waitOf(limits.take("uploadBytes", "toy/ada", 60))).toBe(60_000);
  });

  it("[SE10] count an IPv6 network as one, and its IPv4 address in either form", async () => {
    const limits = rateLimits({ enrolments: { points: 1, seconds: 60 } });
    expect(await waitOf(limits.takeAt("enrolments", "2001:db8:1:2::1"))).toBeNull();
    expect(await waitOf(limits.takeAt("enrolments", "2001:0db8:1:2:ffff::9"))).not.toBeNull();
    expect(await waitOf(limits.takeAt("enrolments", "2001:db8:1:3::1"))).toBeNull();
    expect(await waitOf(limits.takeAt("enrolments", "10.0.0.1"))).toBeNull();
    expect(await waitOf(limits.takeAt("enrolments", "::ffff:10.0.0.1"))).not.toBeNull();
  });

  it("[SE10] a name is guessed at a few times from an address; its owner elsewhere goes on signing in", async () => {
    const limits = rateLimits();
    const guess = { name: "ada", address: "203.0.113.9" };
    for (let i = 0; i < 5; i++) expect(await waitOf(limits.signIn(guess))).toBeNull();
    expect(await waitOf(limits.signIn(guess))).toBe(900_000);
    expect(await waitOf(limits.signIn({ ...guess, address: "198.51.100.1" }))).toBeNull();
  });

  it("[SE10] an owner who has signed in starts from zero; an address that tries many names does not", async () => {
    const limits = rateLimits({ signInsOfAddress: { points: 8, seconds: 900 } });
    const own = { name: "ada", address: "203.0.113.9" };
    for (let i = 0; i < 4; i++) await limits.signIn(own);
    await limits.signedIn(own);
    for (let i = 0; i < 4; i++) expect(await waitOf(limits.signIn(own))).toBeNull();
    expect(await waitOf(limits.signIn({ ...own, name: "bob" }))).toBe(900_000);
  });

  it("[SE10] a name is not guessed at from many addresses either", async () => {
    const limits = rateLimits({ signInsOfName: { points: 20, seconds: 3_600 } });
    const from = (i: number) => limits.signIn({ name: "ada", address: `203.0.113.${i}` });
    for (let i = 0; i < 20; i++) expect(await waitOf(from(i))).toBeNull();
    expect(await waitOf(from(99))).toBe(3_600_000);
  });

  it("forget what is over, and keep no timer that would keep a process", async () => {
    const limits = rateLimits();
    await limits.takeAt("anonymous", "203.0.113.9");
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount()).toBe(0);
  });
});
