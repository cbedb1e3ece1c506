/** What somebody put into the field for a link, or a code said. */
import { idPattern } from "@fedtune/core";

/** An entry. */
export type Entry =
  | { readonly kind: "empty" }
  | { readonly kind: "not-a-link" }
  /** Of this page's own server. */
  | { readonly kind: "here"; readonly run: string; readonly link: string }
  /** Of another server, whose own page has to open it. */
  | { readonly kind: "elsewhere"; readonly server: string; readonly link: string };

/** Reads an entry; text around a link, as in a copied letter, does no harm. */
export function readEntry(text: string, origin: string): Entry {
  if (text.trim() === "") return { kind: "empty" };
  for (const [found] of text.matchAll(/https?:\/\/[^\s<>"'`]+/gi)) {
    const link = found.replace(/[.,;:!?)\]}]+$/, "");
    const run = runOfLink(link);
    if (run === null) continue;
    const { origin: server, host } = new URL(link);
    return server === origin
      ? { kind: "here", run, link }
      : { kind: "elsewhere", server: host, link };
  }
  return { kind: "not-a-link" };
}

function runOfLink(link: string): string | null {
  if (!URL.canParse(link)) return null;
  const { pathname, username } = new URL(link);
  const [, run] = /^\/join\/([^/]+)\/?$/.exec(pathname) ?? [];
  return run !== undefined && run !== "mine" && idPattern.test(run) && username === "" ? run : null;
}
