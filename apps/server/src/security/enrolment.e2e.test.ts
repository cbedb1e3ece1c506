import { clientId } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { codeOf, securityBench } from "../test-support/security-bench.ts";
import type { SecurityBench } from "../test-support/security-bench.ts";
import type { Security } from "./security.ts";

let bench: SecurityBench;
let security: Security;
let run: RunId;
let other: RunId;
let count = 0;

beforeAll(async () => {
  bench = await securityBench();
  security = bench.open();
});
afterAll(() => bench.close());
beforeEach(async () => {
  count += 1;
  run = await bench.addRun(`run-${count}`);
  other = await bench.addRun(`other-${count}`);
});

const ada = clientId("ada");
const bob = clientId("bob");
const keyOf = (digit: string): string => digit.repeat(64);

describe("enrolment", () => {
  it("[SE4] admits a client with a token of its run and registers its key", async () => {
    const { token, secret } = await security.enrolments.create({ run });
    expect(secret).toMatch(/^fte_[A-Za-z0-9_-]{43}$/);
    expect(token.expiresAt.getTime() - bench.time.ms).toBe(3_600_000);
    await security.enrolments.enrol({ run, client: ada, publicKey: keyOf("a"), token: secret });
    expect(await security.clientKeys.find(run, ada)).toMatchObject({
      publicKey: keyOf("a"),
      revokedAt: null,
    });
    expect(await security.enrolments.list(run)).toMatchObject([{ id: token.id, uses: 1 }]);
  });

  it.each<[string, () => Promise<string | null>, string]>([
    ["no token", async () => null, "unauthenticated"],
    ["an empty token", async () => "", "unauthenticated"],
    ["a token of nobody", async () => `fte_${"x".repeat(43)}`, "unauthenticated"],
    ["a token with a NUL", async () => "fte_\0", "unauthenticated"],
    ["an API token", async () => `ft_${"x".repeat(43)}`, "unauthenticated"],
    [
      "an expired token",
      async () => {
        const { secret } = await security.enrolments.create({ run, ttlMs: 1_000 });
        bench.time.ms += 1_000;
        return secret;
      },
      "credential-expired",
    ],
    [
      "another run's token",
      async () => (await security.enrolments.create({ run: other })).secret,
      "forbidden",
    ],
    [
      "another client's token",
      async () => (await security.enrolments.create({ run, client: bob })).secret,
      "forbidden",
    ],
    [
      "a revoked token",
      async () => {
        const { token, secret } = await security.enrolments.create({ run });
        await security.enrolments.revoke(run, token.id);
        return secret;
      },
      "credential-revoked",
    ],
  ])("[SE1] [SE4] refuses a join with %s, and to look at the run", async (what, token, code) => {
    const request = { run, client: ada, publicKey: keyOf("a"), token: await token() };
    expect(await codeOf(security.enrolments.enrol(request))).toBe(code);
    expect(await security.clientKeys.find(run, ada)).toBeNull();
    // Who looks has no name yet.
    const seen = what === "another client's token" ? null : code;
    expect(await codeOf(security.enrolments.look(run, request.token))).toBe(seen);
  });

  it("[SE4] a run that is open takes clients without a token, but no wrong token", async () => {
    const request = { run, client: ada, publicKey: keyOf("a"), isOpen: true };
    expect(await codeOf(security.enrolments.enrol({ ...request, token: "fte_x" }))).toBe(
      "unauthenticated",
    );
    await security.enrolments.enrol({ ...request, token: null });
    expect(await security.clientKeys.find(run, ada)).not.toBeNull();
  });

  it("[SE4] may be looked at as often as wanted, until its uses are taken", async () => {
    const { secret } = await security.enrolments.create({ run, maxUses: 1 });
    for (let i = 0; i < 3; i++)
      expect(await security.enrolments.look(run, secret)).toMatchObject({ uses: 0, maxUses: 1 });
    await security.enrolments.enrol({ run, client: ada, publicKey: keyOf("a"), token: secret });
    await expect(security.enrolments.look(run, secret)).rejects.toMatchObject({
      code: "credential-expired",
      data: { reason: "used-up", maxUses: 1 },
    });
  });

  it("[SE4] takes no more uses than the token has, of 20 at the same moment", async () => {
    const { secret } = await security.enrolments.create({ run, maxUses: 7 });
    const codes = await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const request = { run, client: clientId(`c${i}`), publicKey: keyOf("a"), token: secret };
        return codeOf(security.enrolments.enrol(request));
      }),
    );
    expect(codes.filter((code) => code === null)).toHaveLength(7);
    expect(codes.filter((code) => code === "credential-expired")).toHaveLength(13);
    expect(await security.clientKeys.list(run)).toHaveLength(7);
    expect(await security.enrolments.list(run)).toMatchObject([{ uses: 7, maxUses: 7 }]);
  });

  it.each([1, null])(
    "[SE5] the same key again takes no use of %j, even when the token is over",
    async (maxUses) => {
      const { secret } = await security.enrolments.create({ run, maxUses });
      const request = { run, client: ada, publicKey: keyOf("a"), token: secret };
      const codes = await Promise.all(
        Array.from({ length: 10 }, () => codeOf(security.enrolments.enrol(request))),
      );
      expect(codes[0]).toBeNull();
      expect(new Set(codes).size).toBe(1);
      bench.time.ms += 7_200_000;
      expect(await codeOf(security.enrolments.enrol(request))).toBeNull();
      expect(await security.enrolments.list(run)).toMatchObject([{ uses: 1 }]);
    },
  );

  it("[SE5] refuses another key for a known client, and gives the use back", async () => {
    const { secret } = await security.enrolments.create({ run, maxUses: 2 });
    const request = { run, client: ada, token: secret };
    await security.enrolments.enrol({ ...request, publicKey: keyOf("a") });
    const again = security.enrolments.enrol({ ...request, publicKey: keyOf("b") });
    expect(await codeOf(again)).toBe("forbidden");
    expect(await security.clientKeys.find(run, ada)).toMatchObject({ publicKey: keyOf("a") });
    expect(await security.enrolments.list(run)).toMatchObject([{ uses: 1 }]);
  });

  it("[SE5] takes one of two keys that come for one name at the same moment", async () => {
    const { secret } = await security.enrolments.create({ run });
    const codes = await Promise.all(
      ["a", "b", "c", "d"].map((digit) =>
        codeOf(
          security.enrolments.enrol({ run, client: ada, publicKey: keyOf(digit), token: secret }),
        ),
      ),
    );
    expect(codes.filter((code) => code === null)).toHaveLength(1);
    expect(codes.filter((code) => code === "forbidden")).toHaveLength(3);
    expect(await security.enrolments.list(run)).toMatchObject([{ uses: 1 }]);
  });

  it("[SE5] [SE6] a revoked client stays out until its key is reset", async () => {
    const { secret } = await security.enrolments.create({ run });
    const request = { run, client: ada, token: secret };
    await security.enrolments.enrol({ ...request, publicKey: keyOf("a") });
    const cut: unknown[] = [];
    const stop = security.revocations.listen((revocation) => cut.push(revocation));
    await security.clientKeys.revoke(run, ada);
    expect(cut).toEqual([{ kind: "client", run, client: ada }]);
    const back = { same: { ...request, publicKey: keyOf("a") } };
    expect(await codeOf(security.enrolments.enrol(back.same))).toBe("credential-revoked");
    const afresh = { ...request, publicKey: keyOf("b") };
    expect(await codeOf(security.enrolments.enrol(afresh))).toBe("forbidden");
    await security.clientKeys.reset(run, ada);
    expect(cut).toHaveLength(2);
    stop();
    await security.enrolments.enrol(afresh);
    expect(await security.clientKeys.find(run, ada)).toMatchObject({
      publicKey: keyOf("b"),
      revokedAt: null,
    });
  });

  it("knows which runs, tokens and clients there are", async () => {
    const nowhere = "nowhere" as RunId;
    const request = { run: nowhere, client: ada, publicKey: keyOf("a"), token: null };
    expect(await codeOf(security.enrolments.enrol(request))).toBe("run-unknown");
    expect(await codeOf(security.enrolments.create({ run: nowhere }))).toBe("run-unknown");
    const { token } = await security.enrolments.create({ run });
    expect(await codeOf(security.enrolments.revoke(other, token.id))).toBe("message-invalid");
    expect(await codeOf(security.enrolments.revoke(run, "no id"))).toBe("message-invalid");
    expect(await codeOf(security.clientKeys.revoke(run, ada))).toBe("message-invalid");
    expect(await codeOf(security.clientKeys.reset(run, ada))).toBe("message-invalid");
    const wrong = { run, client: ada, publicKey: "A".repeat(64), token: null };
    expect(await codeOf(security.enrolments.enrol(wrong))).toBe("message-invalid");
  });

  it("[SE7] keeps no token, only its hash", async () => {
    const { secret } = await security.enrolments.create({ run });
    const rows = await bench.prisma.enrolmentToken.findMany();
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(secret.slice(4));
  });
});
