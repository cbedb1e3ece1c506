declare const runIdBrand: unique symbol;
declare const clientIdBrand: unique symbol;
declare const digestBrand: unique symbol;

/** Names one run; letters, digits, `-` and `_`, at most 64. */
export type RunId = string & { readonly [runIdBrand]: true };
/** Names one data holder's device within a coordinator; same alphabet as a run id. */
export type ClientId = string & { readonly [clientIdBrand]: true };
/** A SHA-256 in lower-case hexadecimal, 64 characters. */
export type Digest = string & { readonly [digestBrand]: true };

/** What run ids and client ids look like. */
export const idPattern = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
/** What digests look like. */
export const digestPattern = /^[0-9a-f]{64}$/;

/** Reads a run id; throws RangeError when it does not match {@link idPattern}. */
export function runId(text: string): RunId {
  return checked(text, idPattern, "run id") as RunId;
}

/** Reads a client id; throws RangeError when it does not match {@link idPattern}. */
export function clientId(text: string): ClientId {
  return checked(text, idPattern, "client id") as ClientId;
}

/** Reads a digest; throws RangeError when it is not 64 hexadecimal characters. */
export function digest(text: string): Digest {
  return checked(text, digestPattern, "digest") as Digest;
}

function checked(text: string, pattern: RegExp, what: string): string {
  if (!pattern.test(text)) {
    throw new RangeError(`Cannot read ${what} "${text.slice(0, 80)}": wanted ${String(pattern)}`);
  }
  return text;
}
