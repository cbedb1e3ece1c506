/** The pages of a browser, served beside the API: documents by address, their files by exact name, nothing else. */
import type { Request, RequestHandler, Response } from "express";
import { pageHeaders } from "../security/browser-policy.ts";
import type { BrowserPolicy } from "../security/browser-policy.ts";
import { encodings } from "./pages-site.ts";
import type { Site, SiteFile } from "./pages-site.ts";

/** The pages, or why they are not there. */
export type Pages =
  | { readonly state: "ready"; readonly site: Site }
  | { readonly state: "building" }
  | { readonly state: "missing"; readonly why: string }
  /** Another host serves them. */
  | { readonly state: "elsewhere"; readonly origin: string };

/** What serving pages needs. */
export interface PageOptions extends BrowserPolicy {
  /** Asked at every request: pages may be built while the server runs. */
  readonly pages: () => Pages;
}

/** Makes the handler, to be mounted last: what is no page's address is passed on. */
export function servePages({ pages, secure }: PageOptions): RequestHandler {
  const forHolders = pageHeaders({ secure });
  // What data holders call themselves is shown there.
  const forOperators = pageHeaders({ secure, forOperators: true });
  return (request, response, next) => {
    const found = pages();
    const answer = isReading(request) ? answerOf(found, request) : null;
    if (answer === null) {
      next();
      return;
    }
    const headers = isForOperators(request) ? forOperators : forHolders;
    headers(request, response, () => {
      answer(response);
    });
  };
}

type Answer = (response: Response) => void;

function answerOf(pages: Pages, request: Request): Answer | null {
  const { path } = request;
  const isDocument = isPage(path) && wantsDocument(request);
  if (pages.state === "ready") {
    const file = isDocument ? documentOf(pages.site, path) : pages.site.files.get(path);
    return file === undefined
      ? null
      : (response) => {
          sendFile(file, request, response);
        };
  }
  if (!isDocument) return null;
  if (pages.state === "elsewhere") return redirect(`${pages.origin}${path}${queryOf(request)}`);
  if (pages.state === "missing") return text(404, `${pages.why}\n`);
  return (response) => {
    // Browsers look again by themselves.
    response.set({ "Retry-After": "2", Refresh: "2" });
    text(503, "The pages are being built; this takes some seconds the first time.\n")(response);
  };
}

function isReading({ method }: Request): boolean {
  return method === "GET" || method === "HEAD";
}

/** The last part of a page's address has no dot; what programs ask for is no page, whatever comes after it. */
function isPage(path: string): boolean {
  return (
    path.startsWith("/") &&
    !/^\/(api|socket\.io|assets|healthz|readyz|metrics)(\/|$)|\.[^/]*$/.test(path)
  );
}

/** Browsers say that they want a document; a program that asks for an address that does not exist is told so. */
function wantsDocument({ path, headers }: Request): boolean {
  return path === "/" || (headers.accept ?? "").includes("text/html");
}

function documentOf({ app, join }: Site, path: string): SiteFile {
  return isForJoining(path) ? join : app;
}

/** `/join/mine` and `/runs/new` are pages of their own: a run of such a name would have none. */
export const namesOfPages: readonly string[] = ["mine", "new"];

function isForJoining(path: string): boolean {
  return /^\/join(\/|$)/.test(path);
}

function isForOperators({ path }: Request): boolean {
  return isPage(path) && !isForJoining(path);
}

function sendFile(file: SiteFile, request: Request, response: Response): void {
  const encoding = [...encodings].find(
    (one) => file.encoded.has(one) && request.acceptsEncodings(one) === one,
  );
  const bytes = (encoding === undefined ? undefined : file.encoded.get(encoding)) ?? file.bytes;
  response.vary("Accept-Encoding");
  response.set({
    "Content-Type": file.type,
    "Cache-Control": file.isImmutable ? "public, max-age=31536000, immutable" : "no-cache",
    ETag: `"${file.hash}${encoding === undefined ? "" : `-${encoding}`}"`,
  });
  if (request.fresh) {
    response.status(304).end();
    return;
  }
  if (encoding !== undefined) response.set("Content-Encoding", encoding);
  response.set("Content-Length", String(bytes.byteLength));
  if (request.method === "HEAD") response.end();
  else response.end(bytes);
}

function queryOf({ url }: Request): string {
  const at = url.indexOf("?");
  return at < 0 ? "" : url.slice(at);
}

/** The part behind `#`, with a token perhaps, is the browser's to carry over: it is never sent. */
function redirect(address: string): Answer {
  return (response) => {
    response.set({ Location: address, "Cache-Control": "no-store" }).status(307).end();
  };
}

function text(status: number, message: string): Answer {
  return (response) => {
    response.set("Cache-Control", "no-store").status(status).type("text/plain").send(message);
  };
}
