/**
 * Links that let a client in: `https://host/join/RUN#token=fte_...`, the address of the page that a data holder opens.
 *
 * The token stands behind the `#`: browsers send nothing of that to anybody, so that no server's log and no referrer has
 * it.
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

const linkPattern =
  /^(https?:\/\/[^/?#\s@\\]+)\/join\/([^/?#\s]+)(?:#token=([A-Za-z0-9_-]{1,256}))?$/i;

/** Writes a link. */
export function writeJoinLink({ url, run, token }: JoinLink): string {
  return `${url}/join/${run}${token === null ? "" : `#token=${token}`}`;
}

/**
 * Reads a link.
 *
 * @throws FedtuneError `usage`, which does not repeat what was given: it may hold a token
 */
export function readJoinLink(text: string): JoinLink {
  const [, url, run, token = null] = linkPattern.exec(text.trim()) ?? [];
  if (url !== undefined && run !== undefined && idPattern.test(run)) {
    return { url, run: run as RunId, token };
  }
  const message = "Cannot read the join link: wanted one like https://host/join/RUN#token=fte_...";
  throw new FedtuneError("usage", message);
}
