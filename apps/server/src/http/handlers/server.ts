import type { OutputOf, ServerRoute } from "@fedtune/api";
import { runConfigSchema } from "@fedtune/core";
import type { Registries } from "@fedtune/core";
import { z } from "zod";
import type { Handlers } from "../handler.ts";

/** What a server can do. */
export type ServerFacts = OutputOf<"getServer">;

/** Reads the facts from what run configs may name; made once, it does not change. */
export function serverFacts(version: string, registries: Registries): ServerFacts {
  const { methods, kinds } = registries;
  const schema = runConfigSchema(registries);
  return {
    version,
    methods: methods.map(({ name, summary, paper, claims }) => ({
      ...{ name, summary, paper: paper.id, exactProduct: claims.exactProduct },
    })),
    kinds: kinds.map(({ name }) => name),
    configSchema: { ...z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) },
  };
}

/** The server itself. */
export function serverHandlers(facts: ServerFacts): Handlers<ServerRoute> {
  return {
    getServer: () => Promise.resolve(facts),
    getHealth: () => Promise.resolve({ status: "ok" }),
  };
}
