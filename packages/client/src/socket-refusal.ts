/** What a coordinator says when it refuses a connection. */
import { errorCodes, FedtuneError } from "@fedtune/core";
import { z } from "zod";

const details = z.object({
  code: z.enum(errorCodes),
  data: z.record(z.string(), z.unknown()).default({}),
});

/** The refusal that an error of a connection carries; null for a fault on the way. */
export function refusalOf(error: Error): FedtuneError | null {
  const parsed = details.safeParse((error as { readonly data?: unknown }).data);
  if (!parsed.success) return null;
  const { code, data } = parsed.data;
  return new FedtuneError(code, error.message, { data });
}
