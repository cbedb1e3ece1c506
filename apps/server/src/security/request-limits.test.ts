import { FedtuneError } from "@fedtune/core";
import type { Request } from "express";
import { describe, expect, it } from "vitest";
import { trustedProxies } from "./client-address.ts";
import { rateLimits } from "./rate-limits.ts";
import { countJoining } from "./request-limits.ts";

const few = { points: 2, seconds: 600 };

/** Asks as often as wanted; the code of the first refusal. */
async function asked(times: number, path: string, method = "POST", addresses = ["10.0.0.1"]) {
  const security = {
    limits: rateLimits({ enrolments: few, invitations: few }),
    authenticate: () => Promise.resolve(null),
  };
  const handler = countJoining({ security, isTrusted: trustedProxies(0) });
  for (let i = 0; i < times; i++) {
    const remoteAddress = addresses[i % addresses.length];
    const request = { method, path, headers: {}, socket: { remoteAddress } } as unknown as Request;
    try {
      await handler(request, {} as never, () => undefined);
    } catch (error) {
      return error instanceof FedtuneError ? error.code : error;
    }
  }
  return null;
}

describe("limits on joining", () => {
  it.each(["/runs/toy/enrolments", "/runs/toy/enrolments/", "/runs/toy/invitation"])(
    "[SE10] count what is posted to %s, for each address",
    async (path) => {
      expect(await asked(2, path)).toBeNull();
      expect(await asked(3, path)).toBe("rate-limited");
      expect(await asked(4, path, "POST", ["10.0.0.1", "10.0.0.2"])).toBeNull();
    },
  );

  it("count nothing else", async () => {
    expect(await asked(9, "/runs/toy/invitation", "GET")).toBeNull();
    expect(await asked(9, "/runs/toy/model")).toBeNull();
    expect(await asked(9, "/sessions")).toBeNull();
  });
});
