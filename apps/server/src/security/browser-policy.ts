/** What answers tell browsers: policies for data and for pages, and which other origins may ask. */
import { FedtuneError, signatureHeaders } from "@fedtune/core";
import type { Entropy } from "@fedtune/core";
import type { RequestHandler } from "express";
import helmet from "helmet";
import { csrfHeader } from "./authenticate.ts";

/** How browsers reach the coordinator. */
export interface BrowserPolicy {
  /** By https, directly or through a proxy. */
  readonly secure: boolean;
}

/** What pages need beyond their own origin. */
export interface PagePolicy extends BrowserPolicy {
  /** Origins that pages fetch from, such as a hub of models. */
  readonly connect?: readonly string[];
  readonly entropy: Entropy;
}

/** A year, as browsers ask for. */
const strictTransportSecurity = { maxAge: 31_536_000, includeSubDomains: false };

/** Headers of answers that are data: nothing of them may run, be framed or be kept. */
export function dataHeaders({ secure }: BrowserPolicy): RequestHandler[] {
  return [
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
      ...common(secure),
    }),
    (_request, response, next) => {
      response.set("Cache-Control", "no-store");
      next();
    },
  ];
}

/**
 * Headers of pages: scripts of this origin and wasm, styles with the answer's nonce, isolated for shared memory. The
 * nonce is in `response.locals.styleNonce`, for the page's handler to write into the page.
 */
export function pageHeaders({ secure, connect = [], entropy }: PagePolicy): RequestHandler[] {
  const nonce: RequestHandler = (_request, response, next) => {
    response.locals["styleNonce"] = Buffer.from(entropy.bytes(16)).toString("base64url");
    next();
  };
  const policy = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        styleSrc: ["'self'", (_request, response) => nonceSource(response)],
        imgSrc: ["'self'", "data:", "blob:"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'", ...connect],
        workerSrc: ["'self'"],
        manifestSrc: ["'self'"],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
    },
    ...common(secure),
    crossOriginOpenerPolicy: { policy: "same-origin" },
    crossOriginEmbedderPolicy: { policy: "require-corp" },
  });
  return [nonce, policy];
}

/** Helmet knows the response as Node's: what Express adds to it is read with care. */
function nonceSource(response: object): string {
  const { styleNonce } = (response as { locals?: { styleNonce?: unknown } }).locals ?? {};
  return `'nonce-${String(styleNonce)}'`;
}

function common(secure: boolean) {
  return {
    strictTransportSecurity: secure ? strictTransportSecurity : false,
    referrerPolicy: { policy: "no-referrer" },
    crossOriginResourcePolicy: { policy: "same-origin" },
    xFrameOptions: { action: "deny" },
    xPoweredBy: false,
  } as const;
}

/**
 * Reads the other origins whose pages may ask.
 *
 * @throws FedtuneError `config-invalid` for what is no http origin
 */
export function allowedOrigins(origins: readonly string[]): ReadonlySet<string> {
  for (const origin of origins) {
    if (URL.canParse(origin) && new URL(origin).origin === origin && /^https?:/.test(origin))
      continue;
    const message = `Cannot allow origin "${origin}": wanted one like https://lab.example, without a path`;
    throw new FedtuneError("config-invalid", message, { data: { origin } });
  }
  return new Set(origins);
}

/**
 * Lets pages of allowed origins read answers. They come with tokens or signatures: cookies are never allowed them.
 * Whether a page of any other origin is served at all is another check's business.
 */
export function allowOrigins(origins: ReadonlySet<string>): RequestHandler {
  const headers = ["Authorization", "Content-Type", csrfHeader, ...Object.values(signatureHeaders)];
  return (request, response, next) => {
    response.vary("Origin");
    const { origin } = request.headers;
    if (origin === undefined || !origins.has(origin)) {
      next();
      return;
    }
    response.set({
      "Access-Control-Allow-Origin": origin,
      "Access-Control-Expose-Headers": `Retry-After, ${signatureHeaders.bodyHash}`,
      "Cross-Origin-Resource-Policy": "cross-origin",
    });
    if (request.method !== "OPTIONS") {
      next();
      return;
    }
    response.set({
      "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
      "Access-Control-Allow-Headers": headers.join(", "),
      "Access-Control-Max-Age": "600",
    });
    response.status(204).end();
  };
}
