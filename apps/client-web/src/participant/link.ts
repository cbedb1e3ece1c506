/** The link that lets somebody in, and how a page takes its secret out of its own address. */
import { readJoinLink } from "@fedtune/client";
import type { JoinLink } from "@fedtune/client";
import { FedtuneError, idPattern } from "@fedtune/core";
import type { RunId } from "@fedtune/core";

/** What of a window's location and history is used. */
export interface AddressBar {
  readonly location: { readonly href: string; readonly hash: string };
  readonly history: {
    readonly state: unknown;
    replaceState(state: unknown, unused: string, url: string): void;
  };
}

/**
 * The address of this page with all that stands behind `#`, which is gone from the address bar and from the history
 * afterwards; null for a page that is not of a run.
 */
export function takeLink({ location, history }: AddressBar): string | null {
  const { href, hash } = location;
  const [address = href] = href.split("#");
  if (hash !== "" || href.endsWith("#")) history.replaceState(history.state, "", address);
  return /^\/join\/[^/]+/.test(new URL(address).pathname) && !isOwnPage(address) ? href : null;
}

/** `/join/mine` is this browser's own list. */
function isOwnPage(address: string): boolean {
  return /^\/join\/mine\/?$/.test(new URL(address).pathname);
}

/**
 * Reads a link, also the address of a later page of a run (`/join/RUN/train`), which has no token.
 *
 * @throws FedtuneError `usage`, which does not repeat what was given: it may hold a token
 */
export function readLink(text: string): JoinLink {
  const trimmed = text.trim();
  const [, url, run, step, rest = ""] = pagePattern.exec(trimmed) ?? [];
  if (url === undefined || run === undefined || step === undefined) return readJoinLink(trimmed);
  if (idPattern.test(run) && rest === "") return { url, run: run as RunId, token: null };
  const message = "Cannot read the join link: wanted one like https://host/join/RUN#token=fte_...";
  throw new FedtuneError("usage", message);
}

const pagePattern =
  /^(https?:\/\/[^/?#\s@\\]+)\/join\/([^/?#\s]+)\/(file|device|train|done)?\/?(?:\?[^#\s]*)?(#.*)?$/i;
