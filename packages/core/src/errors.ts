/**
 * The one error class and its closed code table.
 *
 * A message says the attempted action, the current value and the wanted one. `data` carries the same facts for
 * programs. Codes are mapped to HTTP status, socket refusal and exit code only at the edges (the apps).
 */
const CODES = {
  // configuration and command line
  "config-invalid": { retryable: false },
  "config-conflict": { retryable: false },
  usage: { retryable: false },
  // files people bring
  "file-missing": { retryable: false },
  "file-unreadable": { retryable: false },
  "safetensors-invalid": { retryable: false },
  "model-invalid": { retryable: false },
  "tokenizer-mismatch": { retryable: false },
  "adapter-invalid": { retryable: false },
  "data-invalid": { retryable: false },
  "label-unknown": { retryable: false },
  // updates and aggregation
  "shape-mismatch": { retryable: false },
  "layout-mismatch": { retryable: false },
  "not-finite": { retryable: false },
  "codec-invalid": { retryable: false },
  "no-updates": { retryable: false },
  "zero-weight": { retryable: false },
  "wrong-round": { retryable: false },
  "late-update": { retryable: false },
  "update-conflict": { retryable: false },
  "update-too-large": { retryable: false },
  "norm-exceeded": { retryable: false },
  "not-selected": { retryable: false },
  "unknown-client": { retryable: false },
  "client-replaced": { retryable: false },
  // rounds and runs
  "budget-exhausted": { retryable: false },
  "not-enough-clients": { retryable: true },
  "quorum-missed": { retryable: true },
  "run-stopped": { retryable: false },
  "run-unknown": { retryable: false },
  "run-failed": { retryable: false },
  "stale-epoch": { retryable: false },
  // wire
  "protocol-version": { retryable: false },
  "message-invalid": { retryable: false },
  "blob-missing": { retryable: true },
  "blob-corrupt": { retryable: true },
  "transport-closed": { retryable: true },
  timeout: { retryable: true },
  cancelled: { retryable: false },
  "rate-limited": { retryable: true },
  "origin-refused": { retryable: false },
  draining: { retryable: true },
  // who may do what
  unauthenticated: { retryable: false },
  forbidden: { retryable: false },
  "credential-expired": { retryable: false },
  "credential-revoked": { retryable: false },
  "signature-invalid": { retryable: false },
  "request-replayed": { retryable: false },
  // machines
  "backend-unavailable": { retryable: false },
  "backend-broken": { retryable: false },
  "port-in-use": { retryable: false },
  "storage-failed": { retryable: true },
  "state-corrupt": { retryable: false },
  "training-failed": { retryable: true },
  internal: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

/** Every error code of the platform. */
export type ErrorCode = keyof typeof CODES;

/** All codes, for schemas and tables. */
export const errorCodes = Object.keys(CODES) as [ErrorCode, ...ErrorCode[]];

/** Facts of an error, JSON-encodable. */
export type ErrorData = Readonly<Record<string, unknown>>;

/** An error that a caller can act on: a code of the table, a sentence, and structured data. */
export class FedtuneError extends Error {
  override readonly name = "FedtuneError";
  readonly code: ErrorCode;
  readonly data: ErrorData;

  constructor(
    code: ErrorCode,
    message: string,
    options: { data?: ErrorData; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.data = options.data ?? {};
  }

  /** Whether the same request may succeed later without being changed. */
  get retryable(): boolean {
    return CODES[this.code].retryable;
  }

  /** The error as plain data, safe to send: no stack, no cause. */
  toJSON(): { code: ErrorCode; message: string; data: ErrorData; retryable: boolean } {
    return { code: this.code, message: this.message, data: this.data, retryable: this.retryable };
  }
}

/** True for a FedtuneError, with a given code if one is named. */
export function isFedtuneError(value: unknown, code?: ErrorCode): value is FedtuneError {
  return value instanceof FedtuneError && (code === undefined || value.code === code);
}

/** Wraps anything thrown: a FedtuneError stays itself, the rest becomes `internal` with its message kept. */
export function asFedtuneError(value: unknown, code: ErrorCode = "internal"): FedtuneError {
  if (value instanceof FedtuneError) return value;
  const message = value instanceof Error ? value.message : String(value);
  return new FedtuneError(code, message, { cause: value });
}
