import { hash, parseOptions } from "@node-rs/argon2";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  codeOf,
  cookieHeaders as cookie,
  securityBench,
  signedIn,
} from "../test-support/security-bench.ts";
import type { SecurityBench } from "../test-support/security-bench.ts";
import type { Principal } from "./principal.ts";
import type { Security } from "./security.ts";

let bench: SecurityBench;
let security: Security;

beforeAll(async () => {
  bench = await securityBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.prisma.operator.deleteMany();
  security = bench.open();
});

const password = "correct horse battery";
const ada: Principal = { kind: "operator", actor: "operator:ada", scopes: ["runs:read"] };

describe("operators", () => {
  it("[SE7] sign in with their password, which is kept as an Argon2id hash of today's strength", async () => {
    await security.operators.create({ name: "ada", password, role: "operator" });
    expect(await security.operators.authenticate("ada", password)).toMatchObject({ name: "ada" });
    const { passwordHash } = await bench.prisma.operator.findUniqueOrThrow({
      where: { name: "ada" },
    });
    expect(passwordHash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(parseOptions(passwordHash)).toMatchObject({ outputLen: 32, saltLen: 16 });
    expect(JSON.stringify(await security.operators.list())).not.toContain("argon2");
  });

  it("[SE1] are refused alike for a wrong name, a wrong password and being disabled", async () => {
    await security.operators.create({ name: "ada", password, role: "operator" });
    await security.operators.create({ name: "bob", password, role: "operator" });
    await security.operators.disable("bob");
    const attempts = [
      ...[
        ["ada", "wrong password"] as const,
        ["bob", password] as const,
        ["zoe", password] as const,
      ],
      ...[
        ["ada\0", password] as const,
        ["__proto__", password] as const,
        ["ada", "x".repeat(9_999)] as const,
      ],
    ];
    const messages = await Promise.all(
      attempts.map(async ([name, typed]) => {
        const error: unknown = await security.operators
          .authenticate(name, typed)
          .catch((e: unknown) => e);
        expect(error).toMatchObject({ code: "unauthenticated", data: {} });
        return (error as Error).message;
      }),
    );
    expect(new Set(messages).size).toBe(1);
  });

  it("the same password typed on another keyboard is the same", async () => {
    await security.operators.create({
      name: "ada",
      password: "caf\u00e9 au lait, mornings",
      role: "viewer",
    });
    await security.operators.authenticate("ada", "cafe\u0301 au lait, mornings");
  });

  it("[SE7] a hash of weaker parameters is renewed at the next sign-in", async () => {
    await security.operators.create({ name: "ada", password, role: "viewer" });
    const weak = await hash(password, { memoryCost: 8_192, timeCost: 1, parallelism: 1 });
    await bench.prisma.operator.update({ where: { name: "ada" }, data: { passwordHash: weak } });
    await security.operators.authenticate("ada", password);
    const { passwordHash } = await bench.prisma.operator.findUniqueOrThrow({
      where: { name: "ada" },
    });
    expect(parseOptions(passwordHash)).toMatchObject({ memoryCost: 19_456, timeCost: 2 });
    await bench.prisma.operator.update({
      where: { name: "ada" },
      data: { passwordHash: "damaged" },
    });
    expect(await codeOf(security.operators.authenticate("ada", password))).toBe("unauthenticated");
  });

  it.each([
    ["Ada", password, "config-invalid"],
    ["", password, "config-invalid"],
    ["ada ", password, "config-invalid"],
    ["__proto__", password, "config-invalid"],
    ["ada", "elevenchars", "config-invalid"],
    ["ada", "x".repeat(257), "config-invalid"],
    ["taken", password, "config-conflict"],
  ])("%j with password %j cannot be created", async (name, typed, code) => {
    await security.operators.create({ name: "taken", password, role: "viewer" });
    const error: unknown = await security.operators
      .create({ name, password: typed, role: "admin" })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code });
    expect(JSON.stringify(error)).not.toContain(typed);
  });

  it("the last admin cannot be disabled, even when two disable each other", async () => {
    await security.operators.create({ name: "ada", password, role: "admin" });
    await security.operators.create({ name: "bob", password, role: "admin" });
    const codes = await Promise.all(
      ["ada", "bob"].map((name) => codeOf(security.operators.disable(name))),
    );
    expect(codes.filter((code) => code === null)).toHaveLength(1);
    expect(codes).toContain("forbidden");
    expect(await codeOf(security.operators.disable("nobody"))).toBe("message-invalid");
  });

  it("[SE6] a disabled operator loses sessions and tokens at once", async () => {
    await security.operators.create({ name: "root", password, role: "admin" });
    const session = await signedIn(security, "ada");
    const { secret } = await security.apiTokens.create(
      { name: "ci", scopes: ["runs:read"], expiresAt: null },
      ada,
    );
    const elsewhere = bench.open();
    const told: unknown[] = [];
    security.revocations.listen((revocation) => told.push(revocation));
    await security.operators.disable("ada");
    expect(told).toEqual([{ kind: "operator", name: "ada" }]);
    expect(
      await elsewhere.authenticate({ method: "GET", headers: cookie(session.secret) }),
    ).toBeNull();
    const bearer = { authorization: `Bearer ${secret}` };
    expect(await codeOf(elsewhere.authenticate({ headers: bearer }))).toBe("credential-revoked");
  });

  it("[SE6] a new password ends the sessions that the old one opened", async () => {
    const session = await signedIn(security, "ada");
    await security.operators.setPassword("ada", "another password");
    expect(
      await security.authenticate({ method: "GET", headers: cookie(session.secret) }),
    ).toBeNull();
    expect(await codeOf(security.operators.authenticate("ada", password))).toBe("unauthenticated");
    await security.operators.authenticate("ada", "another password");
    expect(await codeOf(security.operators.setPassword("zoe", password))).toBe("message-invalid");
  });
});
