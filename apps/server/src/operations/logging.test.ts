import { nodeEntropy } from "@fedtune/node-ports";
import { Writable } from "node:stream";
import { describe, expect, it } from "vitest";
import { serverLogging } from "./logging.ts";
import type { LoggingOptions } from "./logging.ts";

function scene(options: Partial<LoggingOptions> = {}) {
  const lines: string[] = [];
  const output = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
  const logging = serverLogging(
    { level: "debug", format: "json", output, ...options },
    nodeEntropy,
  );
  return { lines, ...logging, fields: () => lines.map((line) => JSON.parse(line) as unknown) };
}

const secretNames = [
  ...["authorization", "cookie", "set-cookie", "x-fedtune-csrf", "x-fedtune-signature"],
  ...["password", "passwordHash", "secret", "secretAccessKey", "token", "tokenHash", "csrf", "key"],
  ...["privateKey", "databaseUrl", "connectionString", "signature", "nonce"],
];

describe("the log", () => {
  it("[OP4] never holds a secret, whatever its case and however deep it stands", () => {
    const { logger, lines } = scene();
    for (const name of secretNames) {
      for (const written of [name, name.toUpperCase()]) {
        logger.info({ [written]: "canary" }, "one");
        logger.info({ request: { headers: { [written]: ["canary"] } } }, "two");
        logger.child({ run: "r" }).warn({ list: [{ [written]: { inner: "canary" } }] }, "three");
      }
    }
    expect(lines).toHaveLength(6 * secretNames.length);
    expect(lines.join("")).not.toContain("canary");
  });

  it("[OP4] [SE7] never holds a secret that stands in a text", () => {
    const { logger, lines } = scene();
    const token = `ft_${"canary".repeat(6)}`;
    logger.warn(`asked with ${token}`);
    logger.child({ at: `/join/r#token=${token}` }).error({ error: new Error(`no ${token}`) }, "x");
    expect(lines).toHaveLength(2);
    expect(lines.join("")).not.toContain("canary");
  });

  it("[OP4] names the length of bytes, not the bytes, and an error's own words", () => {
    const { logger, fields } = scene();
    logger.info({ update: new Uint8Array(1_000_000), deep: { view: new Float32Array(4) } }, "x");
    logger.error({ error: Object.assign(new Error("why"), { token: "canary" }) }, "y");
    expect(fields()).toMatchObject([
      { level: "info", msg: "x", update: { bytes: 1_000_000 }, deep: { view: { bytes: 16 } } },
      { level: "error", msg: "y", error: { message: "why" } },
    ]);
    expect(JSON.stringify(fields())).not.toContain("canary");
  });

  it("[OP4] ties the lines of a request to its answer", async () => {
    const { logger, requestIds, fields } = scene();
    const ids: string[] = [];
    const handle = () =>
      new Promise<void>((resolve) => {
        const response = { set: (_name: string, id: string) => ids.push(id) };
        void requestIds({} as never, response as never, () => {
          void Promise.resolve().then(() => {
            logger.info("inside");
            resolve();
          });
        });
      });
    await Promise.all([handle(), handle()]);
    logger.info("outside");
    expect(new Set(ids).size).toBe(2);
    expect(fields()).toMatchObject([{ request: ids[0] }, { request: ids[1] }, { msg: "outside" }]);
    expect(fields()[2]).not.toHaveProperty("request");
  });

  it("[OP4] has a form for people", () => {
    const { logger, lines } = scene({ format: "pretty" });
    logger.warn({ port: 8470, host: "a b" }, "listening");
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN {2}listening port=8470 host="a b"\n$/);
  });
});
