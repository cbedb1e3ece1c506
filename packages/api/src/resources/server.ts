/** The server itself. */
import { z } from "zod";
import { defineRoutes, json } from "../route.ts";

const tag = "server";

const schema = z.record(z.string(), z.unknown());

const method = z
  .object({
    name: z.string(),
    title: z.string().describe("as people write it"),
    summary: z.string(),
    paper: z.object({ title: z.string(), id: z.string(), equations: z.string() }),
    claims: z
      .looseObject({ exactProduct: z.boolean(), meanOnly: z.boolean() })
      .describe("what it promises: see the contract of methods"),
    trains: z.array(z.string()).describe("roles of factors"),
    uploads: z.array(z.string()),
    keeps: z.array(z.string()).describe("roles that never leave a client"),
    isSparse: z.boolean().describe("only the largest changes travel"),
    kinds: z.array(z.string()).describe("adapter kinds that it takes"),
    configSchema: schema.describe("JSON Schema of its options"),
  })
  .meta({ id: "Method" });

const kind = z
  .object({
    name: z.string(),
    title: z.string().describe("as people write it"),
    summary: z.string(),
    inits: z.array(z.string()).describe("how its first values may be drawn, the default first"),
    methods: z.array(z.string()).describe("methods that take it"),
  })
  .meta({ id: "AdapterKind" });

const preset = z
  .object({
    name: z.string(),
    title: z.string(),
    summary: z.string(),
    config: z.record(z.string(), z.unknown()).describe("a run config that this server takes"),
  })
  .meta({ id: "Preset" });

/** Routes about the server. */
export const serverRoutes = defineRoutes({
  getServer: {
    ...{ method: "GET", path: "/server", access: "runs:read", tag },
    summary:
      "What this server can do: version, methods, adapter kinds, presets, schema of run configs",
    answer: json(
      z
        .object({
          version: z.string(),
          methods: z.array(method),
          kinds: z.array(kind),
          presets: z.array(preset).describe("run configs to begin with"),
          configSchema: schema.describe("JSON Schema of a run config"),
        })
        .meta({ id: "Server" }),
    ),
  },
  getHealth: {
    ...{ method: "GET", path: "/health", access: null, tag },
    summary: "Whether the server answers",
    answer: json(z.object({ status: z.literal("ok") })),
  },
});
