/** Addresses that an operator is shown: the dashboard, and the link that lets data holders in. */
import { writeJoinLink } from "@fedtune/client";
import type { RunId } from "@fedtune/core";
import type { CoordinatorProcess, ServerSettings } from "@fedtune/server";

/** How long the link of a run lets clients in that is printed when the run is served. */
const LINK_MS = 86_400_000;

/** The address that people open: of the proxy in front where one is told, and never that of all addresses together. */
export function shownUrl(
  { allowedHosts, trustProxy, tls }: Pick<ServerSettings, "allowedHosts" | "trustProxy" | "tls">,
  { host, port, url }: { readonly host: string; readonly port: number; readonly url: string },
): string {
  const [name] = allowedHosts ?? [];
  const isAny = host === "0.0.0.0" || host === "::";
  if (name !== undefined && trustProxy > 0) return `https://${name}`;
  if (name === undefined && !isAny) return url;
  return `${tls === null ? "http" : "https"}://${name ?? "localhost"}:${String(port)}`;
}

/** A link into a run; where clients need a token, with one that is good for a day. */
export async function joinLinkOf(
  { security, isOpen }: Pick<CoordinatorProcess, "security" | "isOpen">,
  { url, run }: { readonly url: string; readonly run: RunId },
): Promise<string> {
  if (isOpen) return writeJoinLink({ url, run, token: null });
  const { token, secret } = await security.enrolments.create({ run, ttlMs: LINK_MS });
  await security.audit.append({
    ...{ actor: "system", action: "createEnrolmentToken", subject: `run:${run}` },
    data: { token: token.id, expiresAt: token.expiresAt.toISOString() },
  });
  return writeJoinLink({ url, run, token: secret });
}
