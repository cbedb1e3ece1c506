import type { OutputOf, ServerRoute } from "@fedtune/api";
import { describePlan, runConfigSchema } from "@fedtune/core";
import type { AdapterKind, Method, Registries } from "@fedtune/core";
import { z } from "zod";
import type { Handlers } from "../handler.ts";
import { presetsOf } from "../presets.ts";
import { titleOf } from "../titles.ts";

/** What a server can do. */
export type ServerFacts = OutputOf<"getServer">;

/** Reads the facts from what run configs may name; made once, it does not change. */
export function serverFacts(version: string, registries: Registries): ServerFacts {
  const { methods, kinds } = registries;
  return {
    version,
    methods: methods.map((method) => methodFacts(method, kinds)),
    kinds: kinds.map((kind) => kindFacts(kind, methods)),
    presets: presetsOf(registries),
    configSchema: jsonSchema(runConfigSchema(registries)),
  };
}

function methodFacts(
  method: Method,
  kinds: readonly AdapterKind[],
): ServerFacts["methods"][number] {
  const { name, summary, paper, claims, config } = method;
  const { trains, uploads, keeps, sparse } = describePlan(method);
  return {
    ...{ name, title: titleOf(name), summary, paper: { ...paper }, claims: { ...claims } },
    ...{ trains, uploads, keeps, isSparse: sparse },
    kinds: kinds.filter((kind) => takes(method, kind)).map((kind) => kind.name),
    configSchema: jsonSchema(config),
  };
}

function kindFacts(kind: AdapterKind, methods: readonly Method[]): ServerFacts["kinds"][number] {
  const { name, paper, inits } = kind;
  return {
    ...{ name, title: titleOf(name), summary: paper.title, inits },
    methods: methods.filter((method) => takes(method, kind)).map((method) => method.name),
  };
}

function takes({ claims }: Method, { product }: AdapterKind): boolean {
  return claims.products.includes(product);
}

function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  return { ...z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) };
}

/** The server itself. */
export function serverHandlers(facts: ServerFacts): Handlers<ServerRoute> {
  return {
    getServer: () => Promise.resolve(facts),
    getHealth: () => Promise.resolve({ status: "ok" }),
  };
}
