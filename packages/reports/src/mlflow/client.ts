/** MLflow's REST API 2.0, as far as runs are written with it. */
import { FedtuneError, type ErrorCode } from "@fedtune/core";
import { z } from "zod";

/** Who asks; from the environment that MLflow's own clients read. */
export interface MlflowCredentials {
  readonly token?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** What a client is made of. */
export interface MlflowOptions extends MlflowCredentials {
  /** `http://localhost:5000`. */
  readonly url: string;
  readonly fetch: typeof fetch;
  /** Waits between attempts. */
  readonly wait: (ms: number) => Promise<void>;
  readonly signal?: AbortSignal | undefined;
}

/** One call: method, what follows `/api/2.0/mlflow/`, and its body or query. */
export interface MlflowCall<Answer> {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly answer: z.ZodType<Answer>;
}

/** Makes calls. */
export type Mlflow = <Answer>(call: MlflowCall<Answer>) => Promise<Answer>;

/** A request waits at most so long for its answer. */
const timeoutMs = 30_000;
/** Waits before the second attempt and those after it. */
const pausesMs = [500, 2000, 5000] as const;

const failureSchema = z.looseObject({
  error_code: z.string().optional(),
  message: z.string().optional(),
});

/** An answer other than success, kept as it came. */
interface Refused {
  readonly status: number;
  readonly text: string;
}

/**
 * A client. Server errors, 429 and broken connections are tried four times.
 *
 * @throws FedtuneError (by its calls) `transport-closed`, `timeout`, `unauthenticated`, `forbidden`, `rate-limited`,
 * `message-invalid`; its data has MLflow's `errorCode`
 */
export function mlflowClient(options: MlflowOptions): Mlflow {
  return async (call) => {
    for (let attempt = 0; ; attempt += 1) {
      const outcome = await once(options, call);
      if ("value" in outcome) return outcome.value;
      const pause = pausesMs[attempt];
      if (!outcome.error.retryable || pause === undefined) throw outcome.error;
      await options.wait(pause);
      options.signal?.throwIfAborted();
    }
  };
}

type Outcome<Answer> = { readonly value: Answer } | { readonly error: FedtuneError };

async function once<Answer>(
  options: MlflowOptions,
  call: MlflowCall<Answer>,
): Promise<Outcome<Answer>> {
  let response: Response;
  let text: string;
  try {
    response = await options.fetch(...request(options, call));
    text = await response.text();
  } catch (cause) {
    options.signal?.throwIfAborted();
    return { error: unreached(options.url, cause) };
  }
  if (!response.ok)
    return { error: refusal(options.url, call.path, { status: response.status, text }) };
  const parsed = call.answer.safeParse(jsonOrNull(text));
  if (parsed.success) return { value: parsed.data };
  return {
    error: new FedtuneError(
      "message-invalid",
      `Cannot use the answer of ${options.url} to ${call.path}: it is not MLflow's`,
    ),
  };
}

function request(
  options: MlflowOptions,
  { method, path, body }: Pick<MlflowCall<unknown>, "method" | "path" | "body">,
): [URL, RequestInit] {
  const url = new URL(`${options.url.replace(/\/+$/, "")}/api/2.0/mlflow/${path}`);
  const headers = new Headers(authorization(options));
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  if (method === "GET") {
    for (const [name, value] of Object.entries(body)) url.searchParams.set(name, String(value));
    return [url, { method, headers, signal }];
  }
  headers.set("content-type", "application/json");
  return [url, { method, headers, signal, body: JSON.stringify(body) }];
}

/** A token goes before a name and password, as in MLflow's clients. */
function authorization({ token, username, password }: MlflowCredentials): Record<string, string> {
  if (token !== undefined && token !== "") return { authorization: `Bearer ${token}` };
  if (username === undefined || username === "") return {};
  const pair = Buffer.from(`${username}:${password ?? ""}`, "utf8").toString("base64");
  return { authorization: `Basic ${pair}` };
}

function unreached(url: string, cause: unknown): FedtuneError {
  const isLate = cause instanceof Error && cause.name === "TimeoutError";
  const why = isLate ? `no answer within ${String(timeoutMs / 1000)} s` : reasonOf(cause);
  const code = isLate ? "timeout" : "transport-closed";
  return new FedtuneError(code, `Cannot reach MLflow at ${url}: ${why}`, { data: { url }, cause });
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}

const codes: Readonly<Record<number, ErrorCode>> = {
  401: "unauthenticated",
  403: "forbidden",
  429: "rate-limited",
};

function refusal(url: string, path: string, { status, text }: Refused): FedtuneError {
  const said = failureSchema.safeParse(jsonOrNull(text)).data ?? {};
  const code = codes[status] ?? (status >= 500 ? "transport-closed" : "message-invalid");
  const why = said.message ?? `HTTP status ${String(status)}`;
  return new FedtuneError(code, `MLflow at ${url} refused ${path}: ${why}`, {
    data: { url, path, status, errorCode: said.error_code ?? null },
  });
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
