/** The document of the API and a page that shows it, without any script but the two that are named. */
import { apiBase } from "@fedtune/api";
import { Router } from "express";
import type { RequestHandler, Response } from "express";
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { apiDocument } from "./openapi.ts";
import { refuseMethod } from "./refuse-method.ts";

/** What the page may load: its own files, and nothing inline. */
const policy = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:"],
  ...["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join("; ");

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <title>fedtune API</title>
    <link rel="stylesheet" href="${apiBase}/docs/swagger-ui.css">
  </head>
  <body>
    <main id="api"></main>
    <script src="${apiBase}/docs/swagger-ui-bundle.js"></script>
    <script src="${apiBase}/docs/init.js"></script>
  </body>
</html>
`;

const init = `window.ui = SwaggerUIBundle({
  url: "${apiBase}/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null,
});
`;

/** Routes of the document and its viewer; both are public, as the source is. */
export function docsRoutes(version: string): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const document = JSON.stringify(apiDocument(version));
  const root = dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));
  const get = (path: string, handler: RequestHandler): void => {
    router
      .route(path)
      .get(handler)
      .all(refuseMethod(["GET"]));
  };
  get("/openapi.json", (_request, response) => {
    response.type("application/json").send(document);
  });
  for (const path of ["/docs", "/docs/"]) {
    get(path, (_request, response) => {
      send(response, "text/html", page);
    });
  }
  get("/docs/init.js", (_request, response) => {
    send(response, "text/javascript", init);
  });
  for (const file of ["swagger-ui.css", "swagger-ui-bundle.js"]) {
    get(`/docs/${file}`, (_request, response) => {
      response.sendFile(file, { root, maxAge: 86_400_000 });
    });
  }
  return router;
}

function send(response: Response, type: string, text: string): void {
  response.set("Content-Security-Policy", policy).type(type).send(text);
}
