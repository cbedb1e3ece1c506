/** How a server logs: levels, what is never written, and which request a line belongs to. */
import type { Entropy } from "@fedtune/core";
import type { RequestHandler } from "express";
import { AsyncLocalStorage } from "node:async_hooks";
import { Writable } from "node:stream";
import { pino } from "pino";
import type { Logger, LoggerOptions } from "pino";

/** How a logger is made. */
export interface LoggingOptions {
  readonly level: NonNullable<LoggerOptions["level"]>;
  readonly format: "json" | "pretty";
  /** Names of fields whose values are never written, wherever they stand, whatever their case. */
  readonly secrets?: readonly string[];
  /** Where lines go; default: standard output. */
  readonly output?: NodeJS.WritableStream;
}

/** A logger and what ties its lines to requests. */
export interface ServerLogging {
  readonly logger: Logger;
  /** Gives every request an id: in its answer (`X-Request-Id`) and in all lines that it leads to. */
  readonly requestIds: RequestHandler;
}

/** Fields that hold secrets by their names. */
export const secretNames: readonly string[] = [
  ...["authorization", "cookie", "set-cookie", "x-fedtune-csrf", "x-fedtune-signature"],
  ...["password", "passwordHash", "secret", "secretAccessKey", "token", "tokenHash", "csrf", "key"],
  ...["privateKey", "databaseUrl", "connectionString", "signature", "nonce"],
];

/** Objects within objects that are looked into; what lies deeper is not written. */
const MOST_DEEP = 5;

/** Makes a logger. */
export function serverLogging(options: LoggingOptions, entropy: Entropy): ServerLogging {
  const requests = new AsyncLocalStorage<string>();
  const { level, format, secrets = secretNames, output = process.stdout } = options;
  const hidden = new Set(secrets.map((name) => name.toLowerCase()));
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: () => {
        const request = requests.getStore();
        return request === undefined ? {} : { request };
      },
      // Not pino's own redaction: it wants exact paths and cases, and writes a typed array byte by byte.
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) => clean(fields, hidden, MOST_DEEP) as Record<string, unknown>,
      },
    },
    format === "json" ? output : prettyLines(output),
  );
  return {
    logger,
    requestIds(_request, response, next) {
      const id = Buffer.from(entropy.bytes(8)).toString("hex");
      response.set("X-Request-Id", id);
      requests.run(id, next);
    },
  };
}

function clean(value: unknown, hidden: ReadonlySet<string>, deep: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return { bytes: value.byteLength };
  if (value instanceof Error) return { message: value.message, stack: value.stack };
  if (deep === 0) return "…";
  if (Array.isArray(value)) return value.map((one) => clean(one, hidden, deep - 1));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      hidden.has(name.toLowerCase()) ? "[hidden]" : clean(inner, hidden, deep - 1),
    ]),
  );
}

/** Lines for people: time, level, what happened, its fields. */
function prettyLines(output: NodeJS.WritableStream): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      output.write(`${prettyLine(chunk.toString("utf8"))}\n`);
      done();
    },
  });
}

function prettyLine(line: string): string {
  const { time, level, msg, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const rest = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  const at = String(time).slice(11, 23);
  return `${at} ${String(level).toUpperCase().padEnd(5)} ${typeof msg === "string" ? msg : ""}${rest.join("")}`;
}
