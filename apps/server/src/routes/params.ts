/** What addresses and headers may contain. */
import { digestPattern, idPattern, parseInput } from "@fedtune/core";
import type { ClientId, Digest, RunId } from "@fedtune/core";
import type { Request } from "express";
import { z } from "zod";

/** Parts of addresses. */
export const fields = {
  run: z
    .string()
    .regex(idPattern)
    .transform((text) => text as RunId),
  client: z
    .string()
    .regex(idPattern)
    .transform((text) => text as ClientId),
  hash: z
    .string()
    .regex(digestPattern)
    .transform((text) => text as Digest),
  round: z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
};

/** @throws FedtuneError `message-invalid` */
export function paramsOf<Schema extends z.ZodType>(
  schema: Schema,
  request: Request,
): z.output<Schema> {
  return parseInput(schema, request.params, { what: "the address", code: "message-invalid" });
}

const hashHeaders = z.object({ "x-fedtune-hash": fields.hash });

/** @throws FedtuneError `message-invalid` */
export function hashHeader(request: Request): Digest {
  const headers = { "x-fedtune-hash": request.headers["x-fedtune-hash"] };
  return parseInput(hashHeaders, headers, { what: "the headers", code: "message-invalid" })[
    "x-fedtune-hash"
  ];
}

/** The key of a bearer authorisation; null without one. Nothing of it is ever shown. */
export function bearerKey({ headers }: Request): string | null {
  return /^Bearer ([0-9a-f]{64})$/.exec(headers.authorization ?? "")?.[1] ?? null;
}
