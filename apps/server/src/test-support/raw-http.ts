import { request } from "node:http";

/** A request by hand. */
export interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

/** Sends a request as it is: paths are not tidied up. */
export function sendRaw(
  { url, admin }: { readonly url: string; readonly admin: string },
  path: string,
  { method = "GET", headers = {}, body }: Sent,
) {
  return new Promise<{ status: number; code: string | null; text: string; allow: string | null }>(
    (resolve, reject) => {
      const all = { authorization: `Bearer ${admin}`, ...headers };
      const sent = request(url, { path, method, headers: all }, (response) => {
        let text = "";
        response.on("data", (piece: Buffer) => (text += piece.toString()));
        response.on("end", () => {
          const code = /^\{"code":"([a-z-]+)"/.exec(text)?.[1] ?? null;
          const allow = response.headers.allow ?? null;
          resolve({ status: response.statusCode ?? 0, code, text, allow });
        });
      });
      sent.on("error", reject);
      sent.end(body);
    },
  );
}
