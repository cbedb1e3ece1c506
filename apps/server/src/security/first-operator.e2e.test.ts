import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { codeOf, securityBench } from "../test-support/security-bench.ts";
import type { SecurityBench } from "../test-support/security-bench.ts";
import type { Security } from "./security.ts";

const password = "correct horse battery";
let bench: SecurityBench;
let security: Security;
beforeAll(async () => {
  bench = await securityBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  await bench.prisma.operator.deleteMany();
  await bench.prisma.apiToken.deleteMany();
  security = bench.open();
});

const claim = (code: string, name = "ada", chosen = password) =>
  security.firstOperator.claim({ code, name, password: chosen });

describe("the first operator", () => {
  it("[SE1] is whoever shows the code, once", async () => {
    const { firstOperator } = security;
    expect(await firstOperator.isMissing()).toBe(true);
    const code = (await firstOperator.newCode())!;
    expect(code).toMatch(/^ft_setup_[A-Za-z0-9_-]{43}$/);
    expect(await claim(code)).toMatchObject({ name: "ada", role: "admin" });
    await security.operators.authenticate("ada", password);
    expect(await firstOperator.isMissing()).toBe(false);
    expect(await firstOperator.newCode()).toBeNull();
    expect(await codeOf(claim(code, "eve"))).toBe("forbidden");
    await bench.prisma.operator.deleteMany();
    expect(await codeOf(claim(code, "eve"))).toBe("unauthenticated");
  });

  it("[SE1] is one of many who show the code at the same moment", async () => {
    const code = (await security.firstOperator.newCode())!;
    const names = ["a", "b", "c", "d", "e"];
    const codes = await Promise.all(names.map((name) => codeOf(claim(code, name))));
    expect(codes.filter((one) => one === null)).toHaveLength(1);
    expect(await security.operators.list()).toHaveLength(1);
  });

  it("[SE1] needs the latest code, from whichever process it is", async () => {
    const first = (await security.firstOperator.newCode())!;
    const later = (await bench.open().firstOperator.newCode())!;
    for (const wrong of ["", "ft_setup_", first, `${later}x`, `ft_setup_${"x".repeat(43)}`, "\0"])
      expect(await codeOf(claim(wrong))).toBe("unauthenticated");
    await claim(later);
  });

  it("may try again after a name or a password of the wrong form", async () => {
    const code = (await security.firstOperator.newCode())!;
    expect(await codeOf(claim(code, "Not A Name"))).toBe("config-invalid");
    expect(await codeOf(claim(code, "ada", "short"))).toBe("config-invalid");
    await claim(code);
  });

  it("[SE7] has a code that admits to nothing else, and of which only the hash is kept", async () => {
    const code = (await security.firstOperator.newCode())!;
    const headers = { authorization: `Bearer ${code}` };
    expect(await codeOf(security.authenticate({ headers }))).toBe("unauthenticated");
    expect(await security.apiTokens.list()).toMatchObject([{ scopes: [] }]);
    const rows = JSON.stringify(await bench.prisma.apiToken.findMany());
    expect(rows).not.toContain(code.slice(9));
  });

  it("is made once with a password that was chosen", async () => {
    const { make } = security.firstOperator;
    const made = await Promise.all([make("a chosen password"), make("a chosen password")]);
    expect(made.filter((one) => one !== null)).toMatchObject([{ name: "admin", role: "admin" }]);
    await security.operators.authenticate("admin", "a chosen password");
    expect(await make("another password")).toBeNull();
  });
});
