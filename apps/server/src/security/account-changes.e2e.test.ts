/** What changes for people and clients who are there already: passwords, keys, and what failed attempts leave behind. */
import type { ApiClient } from "@fedtune/api";
import { clientId } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { accountServer } from "../test-support/account-server.ts";
import type { AccountServer } from "../test-support/account-server.ts";
import { codeOf, securityBench } from "../test-support/security-bench.ts";
import type { SecurityBench } from "../test-support/security-bench.ts";
import type { Security } from "./security.ts";

let bench: SecurityBench;
let security: Security;
let server: AccountServer;
let run: RunId;
let count = 0;
const password = "correct horse battery";

beforeAll(async () => {
  bench = await securityBench();
});
afterAll(() => bench.close());
beforeEach(async () => {
  count += 1;
  await bench.prisma.operator.deleteMany();
  security = bench.open({ secure: false });
  await security.firstOperator.make(password);
  run = await bench.addRun(`run-${count}`);
  server = await accountServer({ security, now: bench.ports.now });
});
afterEach(() => server.close());

const clientOf = (headers: Record<string, string>): ApiClient => server.client(headers);
const browser = () => server.browser({ name: "admin", password });

describe("accounts that change", () => {
  it("[SE8] [SE9] an operator changes the own password with the old one; all other sessions end", async () => {
    const [mine, other] = [await browser(), await browser()];
    const admin = clientOf(mine.headers);
    const change = (old: string, next: string) =>
      codeOf(admin.changePassword({ body: { old, new: next } }));
    expect(await change("not the old one", "a long new password")).toBe("unauthenticated");
    expect(await codeOf(admin.changePassword({ body: { old: password, new: "short" } }))).toBe(
      "message-invalid",
    );
    const { secret } = await admin.createToken({ body: { name: "CI", scopes: ["runs:read"] } });
    const program = clientOf({ authorization: `Bearer ${secret}` });
    const body = { old: password, new: "a long new password" };
    expect(await codeOf(program.changePassword({ body }))).toBe("forbidden");
    expect(await codeOf(clientOf({}).changePassword({ body }))).toBe("unauthenticated");
    expect(await change(password, body.new)).toBeNull();
    expect((await admin.getMe()).actor).toBe("operator:admin");
    expect(await codeOf(clientOf(other.headers).getMe())).toBe("unauthenticated");
    const signIn = (word: string) =>
      codeOf(clientOf({}).signIn({ body: { name: "admin", password: word } }));
    expect([await signIn(password), await signIn(body.new)]).toEqual(["unauthenticated", null]);
    const { items } = await admin.listAuditEvents({ query: { limit: 5 } });
    expect(items.map(({ actor, action }) => `${actor} ${action}`).reverse()).toEqual([
      ...["anonymous changePasswordFailed", "operator:admin createToken"],
      ...["operator:admin changePassword", "anonymous signInFailed", "operator:admin signIn"],
    ]);
  });

  it("[SE2] [SE9] a client whose key was reset enrols anew, with another key", async () => {
    const admin = clientOf((await browser()).headers);
    const params = { run, client: clientId("ada") };
    const { secret: token } = await admin.createEnrolmentToken({ params: { run }, body: {} });
    const keys = ["a".repeat(64), "b".repeat(64)] as const;
    const enrolWith = (publicKey: string) =>
      codeOf(
        admin.enrolClient({ params: { run }, body: { client: params.client, publicKey, token } }),
      );
    expect(await codeOf(admin.resetClient({ params }))).toBe("message-invalid");
    expect(await enrolWith(keys[0])).toBeNull();
    expect(await enrolWith(keys[1])).toBe("forbidden");
    await admin.revokeClient({ params });
    await admin.resetClient({ params });
    expect(await enrolWith(keys[1])).toBeNull();
    const { items } = await admin.listAuditEvents({ query: { limit: 2 } });
    expect(items.map(({ action, subject }) => [action, subject]).reverse()).toEqual([
      ["resetClient", `client:${run}/ada`],
      ["enrolClient", `run:${run}`],
    ]);
  });

  it("[SE9] [SE10] failed attempts to sign in are in the audit log, as many as it bears, without the names of nobody", async () => {
    const allowances = { failuresWritten: { points: 2, seconds: 3_600 } };
    security = bench.open({ secure: false, allowances });
    await server.close();
    server = await accountServer({ security, now: bench.ports.now });
    const before = (await security.audit.head())?.sequence ?? 0;
    const guess = (name: string) =>
      codeOf(clientOf({}).signIn({ body: { name, password: "wrong password" } }));
    for (const name of ["admin", "hunter2-is-my-password", "admin", "admin"])
      expect(await guess(name)).toBe("unauthenticated");
    const events = (await security.audit.list()).filter(({ sequence }) => sequence > before);
    expect(events.map(({ actor, action, subject }) => [actor, action, subject])).toEqual([
      ["anonymous", "signInFailed", "operator"],
      ["anonymous", "signInFailed", "operator:admin"],
    ]);
    expect(JSON.stringify(events)).not.toContain("hunter2");
    expect(await security.audit.verify()).toBeNull();
  });
});
