import { parseOptions, verify as argon2Verify } from "@node-rs/argon2";
import { describe, expect, it } from "vitest";
import { codeOf } from "../test-support/security-bench.ts";
import { nobodysHash, passwords } from "./passwords.ts";

const password = "correct horse battery";

describe("passwords", () => {
  it("[SE7] are hashed with a salt of their own and known again", async () => {
    const { hash, verify } = passwords();
    const [one, other] = await Promise.all([hash(password), hash(password)]);
    expect(one).not.toBe(other);
    expect(await verify(one, password)).toBe(true);
    expect(await verify(one, `${password} `)).toBe(false);
    expect(await verify(one.slice(0, -4), password)).toBe(false);
  });

  it("[SE7] of nobody are checked with the same work, and are always wrong", async () => {
    const { hash, verify, isStale } = passwords();
    const own = parseOptions(await hash(password));
    expect(own).toMatchObject({ memoryCost: 19_456, timeCost: 2, parallelism: 1, outputLen: 32 });
    expect(parseOptions(nobodysHash)).toEqual(own);
    expect(isStale(nobodysHash)).toBe(false);
    // A hash that could not be read would throw, and cost nothing.
    expect(await argon2Verify(nobodysHash, password)).toBe(false);
    for (const typed of [password, "", "\0"]) expect(await verify(null, typed)).toBe(false);
  });

  it.each(["", "elevenchars", "x".repeat(257), "\u{1f600}".repeat(11)])(
    "[SE7] of a wrong length are refused: %j",
    async (typed) => {
      expect(await codeOf(passwords().hash(typed))).toBe("config-invalid");
    },
  );

  it("[SE10] are checked two at a time, and refused when too many wait", async () => {
    const { hash, verify } = passwords();
    const own = await hash(password);
    const codes = await Promise.all(
      Array.from({ length: 80 }, () => codeOf(verify(own, password))),
    );
    // Two at work and 64 in the queue.
    expect(codes.filter((code) => code === null)).toHaveLength(66);
    expect(codes.filter((code) => code === "rate-limited")).toHaveLength(14);
    expect(await verify(own, password)).toBe(true);
  });
});
