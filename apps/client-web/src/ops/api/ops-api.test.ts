import type { FetchRequest } from "@fedtune/api";
import { virtualClock } from "@fedtune/core";
import { describe, expect, it } from "vitest";
import { createOpsApi, csrfHeader } from "./ops-api.ts";

const me = { kind: "operator", actor: "operator:admin", scopes: ["admin"], csrf: "of-me" };

function bench(answers: readonly (readonly [status: number, body: unknown])[]) {
  const asked: { url: string; request: FetchRequest }[] = [];
  let signedOut = 0;
  const api = createOpsApi({
    url: "https://fed.example.org",
    clock: virtualClock(() => Promise.resolve()),
    fetch: (url, request) => {
      const [status, body] = answers[asked.length] ?? [204, null];
      asked.push({ url, request });
      return Promise.resolve(
        new Response(status === 204 ? null : JSON.stringify(body), { status }),
      );
    },
    onSignedOut: () => {
      signedOut += 1;
    },
  });
  return { api, asked, signedOut: () => signedOut };
}

describe("the API of the pages", () => {
  it("repeats the token that getMe told, in every later request", async () => {
    const { api, asked } = bench([[200, me]]);
    await api.getMe();
    await api.revokeToken({ params: { token: "x" } });
    expect(asked[0]?.request.headers).not.toHaveProperty(csrfHeader);
    expect(asked[1]?.request.headers).toHaveProperty(csrfHeader, "of-me");
  });

  it("takes the token of a new session, and forgets it after signing out", async () => {
    const operator = {
      ...{ id: "7f3b4f0e-7f3b-4f0e-8f3b-7f3b4f0e7f3b", name: "admin", role: "admin" },
      ...{ createdAt: "2026-11-20T10:00:00Z", disabledAt: null },
    };
    const session = { operator, scopes: ["admin"], csrf: "new", expiresAt: operator.createdAt };
    const { api, asked } = bench([
      [200, me],
      [201, session],
    ]);
    await api.getMe();
    await api.signIn({ body: { name: "admin", password: "secret" } });
    await api.signOut();
    await api.getHealth().catch(() => null);
    expect(asked.map(({ request }) => request.headers[csrfHeader])).toEqual([
      ...[undefined, "of-me", "new", undefined],
    ]);
  });

  it("tells when the session is over, and not when a password is wrong", async () => {
    const refusal = { code: "unauthenticated", message: "who?", data: {} };
    const { api, signedOut } = bench([
      [401, refusal],
      [401, refusal],
    ]);
    await expect(api.signIn({ body: { name: "a", password: "b" } })).rejects.toThrow("who?");
    expect(signedOut()).toBe(0);
    await expect(api.listRuns()).rejects.toThrow("who?");
    expect(signedOut()).toBe(1);
  });
});
