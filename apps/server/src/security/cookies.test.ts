import { describe, expect, it } from "vitest";
import { readSessionCookie, sessionCookie } from "./cookies.ts";

const secret = "A-_9".repeat(10) + "abc";

describe("the session's cookie", () => {
  it("[SE8] is out of reach of scripts, of other sites and, over https, of plain http", () => {
    const session = { secret, longestMs: 86_400_000 };
    expect(sessionCookie({ secure: true }, session)).toBe(
      `__Host-fedtune-session=${secret}; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict; Secure`,
    );
    expect(sessionCookie({ secure: false }, session)).toBe(
      `fedtune-session=${secret}; Path=/; Max-Age=86400; HttpOnly; SameSite=Strict`,
    );
    expect(sessionCookie({ secure: true }, null)).toBe(
      "__Host-fedtune-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict; Secure",
    );
  });

  it.each([
    [undefined, null],
    ["", null],
    [`__Host-fedtune-session=${secret}`, secret],
    [`a=b; __Host-fedtune-session=${secret};c=d`, secret],
    [`fedtune-session=${secret}`, null],
    [`x__Host-fedtune-session=${secret}`, null],
    ["__Host-fedtune-session=", null],
    [`__Host-fedtune-session="${secret}"`, null],
    [`__Host-fedtune-session=${secret}x`, null],
    [`__Host-fedtune-session=${secret}; __Host-fedtune-session=${"B".repeat(43)}`, null],
  ])("[SE8] in %j is %j", (header, value) => {
    expect(readSessionCookie({ secure: true }, header)).toBe(value);
  });
});
