/** What answers tell browsers: policies for data and for pages, and which other origins may ask. */
import { FedtuneError, signatureHeaders } from "@fedtune/core";
import type { RequestHandler } from "express";
import helmet from "helmet";
import { csrfHeader } from "./authenticate.ts";

/** How browsers reach the coordinator. */
export interface BrowserPolicy {
  /** By https, directly or through a proxy. */
  readonly secure: boolean;
}

/** A year, as browsers ask for. */
const strictTransportSecurity = { maxAge: 31_536_000, includeSubDomains: false };

/** Headers of answers that are data: nothing of them may run, be framed or be kept. */
export function dataHeaders({ secure }: BrowserPolicy): RequestHandler {
  const policy = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    ...common(secure),
  });
  return (request, response, next) => {
    response.set("Cache-Control", "no-store");
    policy(request, response, next);
  };
}

/** What no page asks of a device, by names that Chromium knows: it warns of every other one. */
const neverAsked = [
  ...["accelerometer", "browsing-topics", "display-capture", "encrypted-media", "gamepad"],
  ...["geolocation", "gyroscope", "hid", "identity-credentials-get", "idle-detection"],
  ...["local-fonts", "magnetometer", "microphone", "midi", "payment", "picture-in-picture"],
  ...["publickey-credentials-get", "serial", "storage-access", "usb", "window-management"],
  "xr-spatial-tracking",
];

/** Data holders' pages read invitations with the camera, and keep the screen on; operators' pages do neither. */
const permissionsOf = (sources: "self" | ""): string =>
  [
    ...["camera", "screen-wake-lock"].map((name) => `${name}=(${sources})`),
    ...neverAsked.map((name) => `${name}=()`),
  ].join(", ");

/** How pages are held. */
export interface PagePolicy extends BrowserPolicy {
  /** Operators' pages turn no text into markup or code, start no worker, and have no use for a camera. */
  readonly forOperators?: boolean;
}

/**
 * Headers of pages and of all their files: scripts, styles and workers of this origin, wasm, nothing inline, nothing of
 * others; isolated for shared memory. Workers take their policy from their own file's answer.
 */
export function pageHeaders({ secure, forOperators = false }: PagePolicy): RequestHandler {
  const policy = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", "data:", "blob:"],
        fontSrc: ["'self'"],
        connectSrc: ["'self'", (request) => socketSource(request.headers.host, secure)],
        workerSrc: ["'self'"],
        manifestSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        ...(forOperators ? { requireTrustedTypesFor: ["'script'"] } : {}),
      },
    },
    ...common(secure),
    crossOriginOpenerPolicy: { policy: "same-origin" },
    crossOriginEmbedderPolicy: { policy: "require-corp" },
  });
  const permissions = permissionsOf(forOperators ? "" : "self");
  return (request, response, next) => {
    response.set("Permissions-Policy", permissions);
    policy(request, response, next);
  };
}

/** Not every browser counts the websockets of a page's own host as `'self'`. */
function socketSource(host: string | undefined, secure: boolean): string {
  const isHost =
    host !== undefined && /^[a-z0-9.-]+(:\d{1,5})?$|^\[[0-9a-f:.]+\](:\d{1,5})?$/i.test(host);
  return isHost ? `${secure ? "wss" : "ws"}://${host}` : "'self'";
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
