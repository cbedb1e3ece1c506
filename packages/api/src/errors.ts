import { z } from "zod";
import { errorCode } from "./fields.ts";

/** How every error leaves the server. */
export const errorAnswer = z
  .object({
    code: errorCode,
    message: z.string().max(10_000),
    data: z.record(z.string(), z.unknown()).default({}),
  })
  .meta({ id: "Error" });
