/**
 * Keeps secrets out of logs, twice: fields with telling names lose their values at any depth, and whatever looks like
 * one of our secrets is taken out of the finished line, wherever in a message or a stack it stood.
 */
import { isFedtuneError } from "@fedtune/core";
import { stdSerializers } from "pino";
import type { LoggerOptions } from "pino";

/** What stands in the place of a secret. */
export const censored = "[censored]";

const secretName =
  /password|passwd|secret|token|authorization|cookie|signature|csrf|private-?_?key|credential|api-?_?key|nonce|(?:database|relay)-?_?url|connection-?_?string|^key$/i;

/** Names that only sound like it. */
const harmlessNames: ReadonlySet<string> = new Set(["tokens", "tokenizer", "maxTokens"]);

/** Secrets by their looks. Quotes inside a line of JSON are escaped, hence the backslash. */
const patterns: readonly (readonly [RegExp, string])[] = [
  [/\bfte?_[A-Za-z0-9_-]{20,}/g, censored],
  [/\b(Bearer|Basic)\s+[^\s"\\,]+/gi, `$1 ${censored}`],
  [/\$argon2[a-z]*\$[^\s"\\]+/g, censored],
  [/((?:__Host-)?fedtune-session=)[^;\s"\\]+/g, `$1${censored}`],
  [/\b[0-9a-f]{128}\b/g, censored],
  [/([?&#]token=)[^&\s"\\]+/g, `$1${censored}`],
  [
    /\b((?:\w*\.)?(?:password|secret|token|signature|csrf)\w* = \\?")(?:[^"\\]|\\(?!").)*/gi,
    `$1${censored}`,
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/gs, censored],
  [/(\w+:\/\/[^\s:/@"\\]*:)[^\s@/"\\]+@/g, `$1${censored}@`],
];

/** A text without what looks like a secret. */
export function withoutSecrets(text: string): string {
  return patterns.reduce((rest, [pattern, by]) => rest.replace(pattern, by), text);
}

/** The pino options that every logger of the coordinator is made with. */
export function redactingOptions(): Pick<LoggerOptions, "formatters" | "serializers" | "hooks"> {
  return {
    formatters: {
      log: (fields) => censoredFields(fields, 0),
      bindings: (fields) => censoredFields(fields, 0),
    },
    serializers: { err: errorFields, error: errorFields },
    hooks: { streamWrite: withoutSecrets },
  };
}

/** How deep fields are looked into; what is deeper is left out. */
const DEEPEST = 6;

function censoredFields(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]: [string, unknown]) => [
      name,
      isSecret(name, fields) ? censored : censoredValue(value, depth + 1),
    ]),
  );
}

/** Also the value of `{ field: "body.password", value }`, which is how wrong input is reported. */
function isSecret(name: string, fields: object): boolean {
  if (name === "value" && "field" in fields && typeof fields.field === "string") {
    return secretName.test(fields.field);
  }
  return secretName.test(name) && !harmlessNames.has(name);
}

function censoredValue(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || value instanceof Error) return value;
  if (ArrayBuffer.isView(value)) return { bytes: value.byteLength };
  if (value instanceof Date) return value;
  if (depth > DEEPEST) return "[deep]";
  if (Array.isArray(value)) return value.map((inner: unknown) => censoredValue(inner, depth + 1));
  return censoredFields(value, depth);
}

function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return censoredValue(error, 1);
  const { type, message, stack } = stdSerializers.err(error);
  const known = isFedtuneError(error)
    ? { code: error.code, data: censoredFields(error.data, 1) }
    : {};
  return { type, message, stack, ...known };
}
