/** How a server logs: levels, what is never written, and which request a line belongs to. */
import type { Entropy } from "@fedtune/core";
import type { RequestHandler } from "express";
import { AsyncLocalStorage } from "node:async_hooks";
import { Writable } from "node:stream";
import { pino } from "pino";
import type { Logger, LoggerOptions } from "pino";
import { redactingOptions } from "../security/redaction.ts";

/** How a logger is made. */
export interface LoggingOptions {
  readonly level: NonNullable<LoggerOptions["level"]>;
  readonly format: "json" | "pretty";
  /** Where lines go; default: standard output. */
  readonly output?: NodeJS.WritableStream;
}

/** A logger and what ties its lines to requests. */
export interface ServerLogging {
  readonly logger: Logger;
  /** Gives every request an id: in its answer (`X-Request-Id`) and in all lines that it leads to. */
  readonly requestIds: RequestHandler;
}

/** Makes a logger. */
export function serverLogging(options: LoggingOptions, entropy: Entropy): ServerLogging {
  const requests = new AsyncLocalStorage<string>();
  const { level, format, output = process.stdout } = options;
  const redacting = redactingOptions();
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: () => {
        const request = requests.getStore();
        return request === undefined ? {} : { request };
      },
      ...redacting,
      formatters: { ...redacting.formatters, level: (label) => ({ level: label }) },
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
