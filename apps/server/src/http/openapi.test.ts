import { routes } from "@fedtune/api";
import type { Route } from "@fedtune/api";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { apiDocument } from "./openapi.ts";

/** The part of OpenAPI 3.1.1 that the document uses, strictly. */
const schemaObject = z.record(z.string(), z.unknown());
const content = z.record(
  z.enum(["application/json", "application/octet-stream", "text/event-stream"]).or(z.string()),
  z.strictObject({ schema: schemaObject }),
);
const operation = z.strictObject({
  operationId: z.string().regex(/^[a-zA-Z]+$/),
  tags: z.array(z.string()).length(1),
  summary: z.string().min(1),
  description: z.string().optional(),
  security: z.array(z.record(z.enum(["token", "session"]), z.array(z.string())).or(schemaObject)),
  parameters: z
    .array(
      z.strictObject({
        in: z.enum(["path", "query"]),
        name: z.string(),
        schema: schemaObject,
        description: z.string().optional(),
        required: z.boolean().optional(),
      }),
    )
    .optional(),
  requestBody: z.strictObject({ required: z.literal(true), content }).optional(),
  responses: z.record(
    z.string().regex(/^(20[014]|default)$/),
    z.strictObject({
      description: z.string(),
      headers: schemaObject.optional(),
      content: content.optional(),
    }),
  ),
});
const documentSchema = z.strictObject({
  openapi: z.literal("3.1.0"),
  info: z.object({ title: z.string(), version: z.literal("1.2.3") }),
  servers: z.array(z.strictObject({ url: z.literal("/api/v1") })).length(1),
  paths: z.record(
    z.string().startsWith("/"),
    z.strictObject({
      get: operation.optional(),
      post: operation.optional(),
      put: operation.optional(),
      delete: operation.optional(),
    }),
  ),
  components: z.strictObject({
    schemas: z.record(z.string(), schemaObject),
    securitySchemes: z.strictObject({ token: schemaObject, session: schemaObject }),
  }),
});

const json: unknown = JSON.parse(JSON.stringify(apiDocument("1.2.3")));
const document = documentSchema.parse(json);
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, one]) => ({ path, method, ...one })),
);

function referencesIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "$ref" ? [String(inner)] : referencesIn(inner),
  );
}

describe("the document", () => {
  it("[AP1] has an operation for every route, at its method and address, and no other", () => {
    const described = operations.map(({ operationId, method, path }) => [
      operationId,
      method,
      path,
    ]);
    const table = Object.entries<Route>(routes).map(([name, { method, path }]) => [
      ...[name, method.toLowerCase(), path.replaceAll(/:([a-zA-Z]+)/g, "{$1}")],
    ]);
    expect(described.sort()).toEqual(table.sort());
  });

  it("[AP1] declares every parameter of a path, and no other there", () => {
    for (const { path, parameters = [], operationId } of operations) {
      const inPath = parameters.filter((one) => one.in === "path");
      const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      expect(inPath.map(({ name }) => name).sort(), operationId).toEqual(names.sort());
      for (const { required } of inPath) expect(required).toBe(true);
    }
  });

  it("[AP1] says who may use each operation and how it answers, also with an error", () => {
    for (const [name, { access, answer }] of Object.entries<Route>(routes)) {
      const described = operations.find(({ operationId }) => operationId === name)!;
      const { security, responses = {} } = described;
      const scopes = access === null || access === "signed-in" ? [] : [access];
      expect(security).toEqual(access === null ? [] : [{ token: scopes }, { session: scopes }]);
      expect(Object.keys(responses)).toEqual([String(answer.status), "default"]);
      expect(responses["default"]?.content?.["application/json"]?.schema).toEqual({
        $ref: "#/components/schemas/Error",
      });
    }
  });

  it("[AP1] refers to nothing that it lacks, and has nothing that nobody refers to", () => {
    const names = Object.keys(document.components.schemas).map(
      (name) => `#/components/schemas/${name}`,
    );
    expect([...new Set(referencesIn(json))].sort()).toEqual(names.sort());
  });

  it("asks for fields without a default only, and promises all", () => {
    const { schemas } = document.components;
    expect(schemas["NewRun"]).toMatchObject({ required: ["config"], additionalProperties: false });
    expect(schemas["RunState"]!["required"]).toContain("countdown");
  });
});
