/** Where errors leave the program: exit codes, and what people and scripts read. */
import type { ErrorCode } from "@fedtune/core";

/** Exit codes of the process; `--help` lists them. */
export const exitCodes = {
  ok: 0,
  failure: 1,
  usage: 2,
  files: 3,
  coordinator: 4,
  machine: 5,
  interrupted: 130,
} as const;

const exits = {
  "config-invalid": exitCodes.usage,
  "config-conflict": exitCodes.usage,
  usage: exitCodes.usage,
  "file-missing": exitCodes.files,
  "file-unreadable": exitCodes.files,
  "safetensors-invalid": exitCodes.files,
  "model-invalid": exitCodes.files,
  "tokenizer-mismatch": exitCodes.files,
  "adapter-invalid": exitCodes.files,
  "data-invalid": exitCodes.files,
  "label-unknown": exitCodes.files,
  "shape-mismatch": exitCodes.files,
  "layout-mismatch": exitCodes.files,
  "not-finite": exitCodes.failure,
  "codec-invalid": exitCodes.files,
  "no-updates": exitCodes.failure,
  "zero-weight": exitCodes.failure,
  "wrong-round": exitCodes.failure,
  "late-update": exitCodes.failure,
  "update-conflict": exitCodes.failure,
  "update-too-large": exitCodes.failure,
  "norm-exceeded": exitCodes.failure,
  "not-selected": exitCodes.failure,
  "unknown-client": exitCodes.coordinator,
  "client-replaced": exitCodes.coordinator,
  "not-enough-clients": exitCodes.failure,
  "budget-exhausted": exitCodes.failure,
  "quorum-missed": exitCodes.failure,
  "run-stopped": exitCodes.failure,
  "run-unknown": exitCodes.coordinator,
  "run-failed": exitCodes.failure,
  "stale-epoch": exitCodes.failure,
  "protocol-version": exitCodes.coordinator,
  "message-invalid": exitCodes.coordinator,
  "blob-missing": exitCodes.failure,
  "blob-corrupt": exitCodes.failure,
  "transport-closed": exitCodes.coordinator,
  timeout: exitCodes.coordinator,
  cancelled: exitCodes.interrupted,
  "rate-limited": exitCodes.coordinator,
  "origin-refused": exitCodes.coordinator,
  draining: exitCodes.coordinator,
  unauthenticated: exitCodes.coordinator,
  forbidden: exitCodes.coordinator,
  "credential-expired": exitCodes.coordinator,
  "credential-revoked": exitCodes.coordinator,
  "signature-invalid": exitCodes.coordinator,
  "request-replayed": exitCodes.coordinator,
  "backend-unavailable": exitCodes.machine,
  "backend-broken": exitCodes.machine,
  "port-in-use": exitCodes.machine,
  "storage-failed": exitCodes.machine,
  "state-corrupt": exitCodes.files,
  "training-failed": exitCodes.failure,
  internal: exitCodes.failure,
} as const satisfies Record<ErrorCode, number>;

/** An error as it leaves the program. */
export interface Failure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** Shown only when asked for. */
  readonly stack: string | undefined;
}

/** What Node's own errors mean to somebody at a terminal. */
const systemCodes: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "file-missing",
  ENOTDIR: "file-missing",
  EACCES: "file-unreadable",
  EPERM: "file-unreadable",
  EISDIR: "file-unreadable",
  EADDRINUSE: "port-in-use",
  ECONNREFUSED: "transport-closed",
  ECONNRESET: "transport-closed",
  ENOTFOUND: "transport-closed",
};

/** Anything thrown as a failure; what is no error of the table becomes `internal` with its message kept. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) {
    return { code: "internal", message: String(error), data: {}, stack: undefined };
  }
  const { stack } = error;
  const code: unknown = Reflect.get(error, "code");
  if (isErrorCode(code)) return { code, message: error.message, data: dataOf(error), stack };
  if (typeof code === "string" && code.startsWith("commander.")) return usageFailure(error);
  if (error.name === "AbortError")
    return { code: "cancelled", message: error.message, data: {}, stack };
  const system = typeof code === "string" ? systemCodes[code] : undefined;
  return { code: system ?? "internal", message: error.message, data: {}, stack };
}

function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === "string" && Object.hasOwn(exits, code);
}

function dataOf(error: Error): Failure["data"] {
  const data: unknown = Reflect.get(error, "data");
  return typeof data === "object" && data !== null ? { ...data } : {};
}

/** Commander's refusals: one line, without its own "error: " in front. */
function usageFailure(error: Error): Failure {
  const message = error.message.replace(/^error: /, "").replaceAll(/\s*\n\s*/g, " ");
  const help: unknown = Reflect.get(error, "help");
  return { code: "usage", message, data: help === undefined ? {} : { help }, stack: error.stack };
}

/** The exit code of a failure. */
export function exitCodeOf({ code }: Failure): number {
  return exits[code];
}

/** A failure as `--json` prints it. */
export function failureJson({ code, message, data }: Failure): unknown {
  return { error: { code, message, data } };
}

interface ShownIssue {
  readonly field: string;
  readonly value?: unknown;
  readonly wanted: string;
  readonly place?: string;
}

/** A failure for people: `error <code>: <sentence>`, then one line per wrong field. */
export function failureText(failure: Failure, options: { readonly verbose: boolean }): string {
  const issues = issuesOf(failure);
  const lines = [
    `error ${failure.code}: ${sentence(failure.message, issues)}`,
    ...issues.map(issueLine),
  ];
  const help = failure.data["help"];
  if (typeof help === "string") lines.push(`See: ${help}`);
  if (options.verbose && failure.stack !== undefined) lines.push(failure.stack);
  return lines.join("\n");
}

function issuesOf({ data }: Failure): readonly ShownIssue[] {
  const issues = data["issues"];
  return Array.isArray(issues) ? issues.filter(isIssue) : [];
}

function isIssue(value: unknown): value is ShownIssue {
  return typeof value === "object" && value !== null && "field" in value && "wanted" in value;
}

/** The message without the list of issues that its own lines show. */
function sentence(message: string, [first]: readonly ShownIssue[]): string {
  const list = first === undefined ? -1 : message.indexOf(`: ${first.field} = `);
  return list < 0 ? message : message.slice(0, list);
}

function issueLine({ field, value, wanted, place }: ShownIssue): string {
  const shown = value === undefined ? "(missing)" : JSON.stringify(value).slice(0, 120);
  return `  ${place === undefined ? "" : `${place} `}${field} = ${shown}, wanted ${wanted}`;
}
