/** The server itself. */
import { z } from "zod";
import { defineRoutes, json } from "../route.ts";

const tag = "server";

const method = z.object({
  name: z.string(),
  summary: z.string(),
  paper: z.string(),
  exactProduct: z.boolean(),
});

/** Routes about the server. */
export const serverRoutes = defineRoutes({
  getServer: {
    ...{ method: "GET", path: "/server", access: "runs:read", tag },
    summary: "What this server can do: version, methods, adapter kinds, schema of run configs",
    answer: json(
      z
        .object({
          version: z.string(),
          methods: z.array(method),
          kinds: z.array(z.string()),
          configSchema: z.record(z.string(), z.unknown()).describe("JSON Schema of a run config"),
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
