/** The first operator of a coordinator that has none. */
import { z } from "zod";
import { operatorName } from "../fields.ts";
import { defineRoutes, json, nothing } from "../route.ts";

const tag = "accounts";

/** Routes about a coordinator's first start. */
export const setupRoutes = defineRoutes({
  getSetup: {
    ...{ method: "GET", path: "/setup", access: null, tag },
    summary: "Whether nobody can sign in yet",
    answer: json(z.object({ isNeeded: z.boolean() })),
  },
  setUp: {
    ...{ method: "POST", path: "/setup", access: null, tag },
    summary:
      "Makes the first operator, an admin, with the code that the coordinator wrote at its first start",
    body: z
      .strictObject({
        code: z.string().min(1).max(256).describe("shown once, where the coordinator was started"),
        name: operatorName,
        password: z.string().min(12).max(1024),
      })
      .meta({ id: "Setup" }),
    answer: nothing,
  },
});
