import { FedtuneError } from "@fedtune/core";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { serverLog } from "../log.ts";
import { censored, redactingOptions, withoutSecrets } from "./redaction.ts";

/** Lets `use` log at every level; what came of it, as one text. */
function logged(use: (logger: pino.Logger) => void): string {
  const lines: string[] = [];
  const options = { level: "trace", ...redactingOptions() };
  use(pino(options, { write: (line: string) => lines.push(line) }));
  return lines.join("");
}

const secrets = {
  apiToken: `ft_${"aB3-_x".repeat(7)}A`,
  enrolmentToken: `fte_${"qW7_-z".repeat(7)}B`,
  signature: "0f".repeat(64),
  cookie: "C".repeat(43),
  password: "correct horse battery",
  passwordHash: "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g",
};
const { apiToken, enrolmentToken, signature, cookie, password, passwordHash } = secrets;
const request = {
  method: "POST",
  headers: {
    ...{ Authorization: `Bearer ${apiToken}`, cookie: `__Host-fedtune-session=${cookie}` },
    ...{ "X-Fedtune-Signature": signature, "x-fedtune-csrf": cookie, host: "lab.example" },
  },
};

const ways: [string, (logger: pino.Logger) => void][] = [
  ["fields of their names", (log) => log.info({ ...secrets }, "m")],
  ["fields far down", (log) => log.info({ a: { b: [{ c: { password, Token: apiToken } }] } })],
  ["a request's headers", (log) => log.warn({ request }, "m")],
  [
    "names of the database",
    (log) => log.info({ row: { password_hash: passwordHash, csrfHash: "x" } }),
  ],
  ["texts", (log) => log.error(`token ${apiToken} of ${enrolmentToken}, signed ${signature}`)],
  ["texts with places", (log) => log.error("hash %s and %o", passwordHash, { apiToken })],
  ["an address", (log) => log.info({ url: `/join/toy#token=${enrolmentToken}` })],
  ["an error's message", (log) => log.error(new Error(`Cannot take ${apiToken}`))],
  [
    "an error's data",
    (log) => log.error({ err: new FedtuneError("internal", "m", { data: { password } }) }),
  ],
  [
    "an error's cause",
    (log) => log.error(new Error("m", { cause: new Error(`of ${enrolmentToken}`) })),
  ],
  ["bindings of a child", (log) => log.child({ authorization: `Bearer ${apiToken}` }).info("m")],
  [
    "reports of wrong input",
    (log) => {
      const issue = { field: "body.password", value: password, wanted: "more" };
      const message = `Cannot read the body: password = ${JSON.stringify(password)}, wanted more`;
      log.error({
        err: new FedtuneError("message-invalid", message, { data: { issues: [issue] } }),
      });
    },
  ],
  [
    "the server's own log",
    (log) => serverLog(log).failed("a request", new Error(`cookie fedtune-session=${cookie}`)),
  ],
];

describe("logs", () => {
  it.each(ways)("[SE7] hold no secret that came in %s", (_, use) => {
    const text = logged(use);
    expect(text).not.toBe("");
    expect(text).toContain(censored);
    for (const [name, secret] of Object.entries(secrets)) {
      expect(text.includes(secret), `${name} in ${text}`).toBe(false);
      expect(text.includes(secret.slice(6, 26)), `a part of ${name} in ${text}`).toBe(false);
    }
  });

  it("keep what is no secret, as JSON", () => {
    const digest = "ab".repeat(32);
    const fields = { run: "toy", digest, tokens: 7, nested: { deep: [1, null, true] } };
    const line = JSON.parse(logged((log) => log.info(fields, "round committed"))) as object;
    expect(line).toMatchObject({ ...fields, msg: "round committed" });
    const failure = JSON.parse(
      logged((log) => log.error({ err: new FedtuneError("timeout", "m", { data: { ms: 5 } }) })),
    ) as object;
    expect(failure).toMatchObject({ err: { code: "timeout", message: "m", data: { ms: 5 } } });
  });

  it("write the size of bytes in their place, and end at a depth", () => {
    expect(logged((log) => log.info({ values: new Float32Array(1e6) }))).toContain(
      '{"bytes":4000000}',
    );
    const loop: Record<string, unknown> = {};
    loop["self"] = loop;
    expect(logged((log) => log.info({ loop }))).toContain("[deep]");
  });

  it("[SE7] a connection string keeps its host and loses its password", () => {
    expect(withoutSecrets("postgres://fedtune:hunter2@db:5432/x")).toBe(
      `postgres://fedtune:${censored}@db:5432/x`,
    );
    expect(withoutSecrets("rediss://:hunter2@cache/1")).toBe(`rediss://:${censored}@cache/1`);
    expect(withoutSecrets("http://[::1]:8470/a@b")).toBe("http://[::1]:8470/a@b");
  });

  it("[SE7] a private key is taken out whole, or as far as it goes", () => {
    const key = "-----BEGIN PRIVATE KEY-----\\nMC4CAQAwBQYDK2Vw\\n";
    expect(withoutSecrets(`a ${key}-----END PRIVATE KEY----- b`)).toBe(`a ${censored} b`);
    expect(withoutSecrets(key)).toBe(censored);
  });
});
