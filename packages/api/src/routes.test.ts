import { z } from "zod";
import { describe, expect, it } from "vitest";
import { scopes } from "./scopes.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes.ts";

const table = Object.entries<Route>(routes);

/** Names of the parameters of a path. */
function parametersOf(path: string): string[] {
  return [...path.matchAll(/:([a-zA-Z]+)/g)].map(([, name]) => name!);
}

/** Every JSON Schema node of a schema that people write. */
function inputNodes(schema: z.ZodType): Record<string, unknown>[] {
  const walk = (node: unknown): Record<string, unknown>[] =>
    typeof node === "object" && node !== null
      ? [node as Record<string, unknown>, ...inner(node).flatMap(walk)]
      : [];
  // Any name may stand in a document that is parsed later, such as a run config.
  const inner = (node: object) =>
    Object.entries(node).flatMap(([key, value]: [string, unknown]) =>
      key === "propertyNames" ? [] : [value],
    );
  return walk(z.toJSONSchema(schema, { io: "input" }));
}

describe("the table", () => {
  it("[AP1] has no two routes of one method and address", () => {
    const addresses = table.map(
      ([, { method, path }]) => `${method} ${path.replaceAll(/:\w+/g, ":")}`,
    );
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  it("[AP1] has a schema for just the parameters of each path", () => {
    for (const [name, { params, path }] of table) {
      expect(Object.keys(params?.shape ?? {}).sort(), name).toEqual(parametersOf(path).sort());
    }
  });

  it("[AP2] takes no field that it does not know, and bounds every text and every number", () => {
    let objects = 0;
    for (const [name, { params, query, body }] of table) {
      const nodes = [params, query, body].flatMap((schema) => (schema ? inputNodes(schema) : []));
      for (const node of nodes) {
        const isBounded = "pattern" in node || "maxLength" in node || "enum" in node;
        if (node["type"] === "string") expect(isBounded, name).toBe(true);
        if (node["type"] === "integer") expect(node["maximum"], name).toBeLessThanOrEqual(2 ** 53);
        if (!("properties" in node)) continue;
        expect(node["additionalProperties"], name).toBe(false);
        objects += 1;
      }
    }
    expect(objects).toBeGreaterThan(table.length / 2);
  });

  it("only joining, signing in, the first start and health are for everybody", () => {
    const open = table.filter(([, { access }]) => access === null).map(([name]) => name);
    const joining = ["enrolClient", "openInvitation"];
    expect(open.sort()).toEqual([...joining, "getHealth", "getSetup", "setUp", "signIn"].sort());
  });

  it("what changes something is never open to those who may only read", () => {
    for (const [name, { method, access }] of table) {
      if (method === "GET" || access === null || access === "signed-in") continue;
      expect(["runs:write", "clients:write", "admin"], name).toContain(access);
    }
    expect(scopes).toContain("admin");
  });
});
