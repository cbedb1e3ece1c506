/** The document of the API, OpenAPI 3.1, made from the table. */
import { apiBase, errorAnswer, routes } from "@fedtune/api";
import type { Answer, Route } from "@fedtune/api";
import { createDocument } from "zod-openapi";
import type {
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponseObject,
} from "zod-openapi";

/** An OpenAPI document. */
export type ApiDocument = ReturnType<typeof createDocument>;

/** Makes the document of this version of the server. */
export function apiDocument(version: string): ApiDocument {
  return createDocument({
    openapi: "3.1.0",
    info: {
      title: "fedtune",
      version,
      description:
        "The coordinator of federated fine-tuning. Errors are `{ code, message, data }`; codes do not change.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: apiBase }],
    paths: paths(),
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "an API token" },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "fedtune-session",
          description:
            "a session; requests that write repeat its CSRF token in X-Fedtune-CSRF. Over https its name starts with __Host-",
        },
      },
    },
  });
}

function paths(): ZodOpenApiPathsObject {
  const all: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const [name, route] of Object.entries<Route>(routes)) {
    const path = route.path.replaceAll(/:([a-zA-Z]+)/g, "{$1}");
    (all[path] ??= {})[route.method.toLowerCase()] = operation(name, route);
  }
  return all;
}

function operation(name: string, route: Route): ZodOpenApiOperationObject {
  const { access, params, query, body, answer, tag, summary } = route;
  const scopes = access === null || access === "signed-in" ? [] : [access];
  return {
    operationId: name,
    tags: [tag],
    summary,
    ...(scopes.length === 0 ? {} : { description: `Scope: ${scopes.join(", ")}` }),
    security: access === null ? [] : [{ token: scopes }, { session: scopes }],
    requestParams: {
      ...(params === undefined ? {} : { path: params }),
      ...(query === undefined ? {} : { query }),
    },
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { "application/json": { schema: body } } } }),
    responses: {
      [`${answer.status}` as const]: response(answer),
      default: {
        description: "what went wrong",
        content: { "application/json": { schema: errorAnswer } },
      },
    },
  };
}

function response(answer: Answer): ZodOpenApiResponseObject {
  switch (answer.kind) {
    case "json":
      return { description: "done", content: { "application/json": { schema: answer.schema } } };
    case "nothing":
      return { description: "done" };
    case "bytes":
      return {
        description: "the bytes",
        headers: answer.headers,
        content: {
          "application/octet-stream": { schema: { type: "string", format: "binary" } },
        },
      };
    case "events":
      return {
        description: "server-sent events; the data of each is one of these",
        content: { "text/event-stream": { schema: answer.schema } },
      };
  }
}
