/**
 * Links that let a client in: `https://host/#run=NAME&token=fte_...`.
 *
 * Everything stands behind the `#`: browsers send none of that to anybody, so that no server's log and no referrer has
 * the token.
 */
import { FedtuneError, idPattern } from "@fedtune/core";
import type { RunId } from "@fedtune/core";

/** Where to join, and with what. */
export interface JoinLink {
  /** Origin of the coordinator, without a trailing slash. */
  readonly url: string;
  readonly run: RunId;
  /** Null: the run is open, or the client has enrolled before. */
  readonly token: string | null;
}

const linkPattern = /^(https?:\/\/[^/?#\s]+)\/?#([^\s#]*)$/i;
const tokenPattern = /^[A-Za-z0-9_-]{1,256}$/;

/** Writes a link. */
export function writeJoinLink({ url, run, token }: JoinLink): string {
  return `${url}/#run=${run}${token === null ? "" : `&token=${token}`}`;
}

/**
 * Reads a link.
 *
 * @throws FedtuneError `usage`, which does not repeat what was given: it may hold a token
 */
export function readJoinLink(text: string): JoinLink {
  const [, url, fragment] = linkPattern.exec(text) ?? [];
  const fields = (fragment ?? "").split("&").map((field) => field.split("="));
  const valueOf = (name: string): string | undefined => {
    const found = fields.filter(([key]) => key === name);
    return found.length === 1 && found[0]?.length === 2 ? found[0][1] : undefined;
  };
  const [run, token] = [valueOf("run"), valueOf("token")];
  const isKnown = fields.every(([key]) => key === "run" || key === "token");
  const hasToken = fields.some(([key]) => key === "token");
  const isWhole = run !== undefined && idPattern.test(run) && isKnown;
  if (url === undefined || !isWhole || (hasToken && !tokenPattern.test(token ?? ""))) {
    const message =
      "Cannot read the join link: wanted one like https://host/#run=NAME&token=fte_...";
    throw new FedtuneError("usage", message);
  }
  return { url, run: run as RunId, token: token ?? null };
}
