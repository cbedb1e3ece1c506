/** Who may take part in a run. */
import { z } from "zod";
import { clientName, count, date, id, page, pageOf, participantIndex, runName } from "../fields.ts";
import { created, defineRoutes, json, nothing } from "../route.ts";

const tag = "clients";
const one = z.strictObject({ run: runName });

const publicKey = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits")
  .describe("raw Ed25519 public key in hexadecimal");

const enrolmentToken = z
  .object({
    id,
    client: clientName.nullable().describe("the one client that may use it; null: any"),
    maxUses: count.nullable(),
    uses: count,
    createdAt: date,
    expiresAt: date,
    revokedAt: date.nullable(),
  })
  .meta({ id: "EnrolmentToken" });

const newEnrolmentToken = z
  .strictObject({
    client: clientName.nullable().default(null).describe("the one client that may use it"),
    maxUses: z
      .int()
      .positive()
      .max(1_000_000)
      .nullable()
      .default(null)
      .describe("null: any number"),
    expiresInSeconds: z
      .int()
      .min(60)
      .max(30 * 86_400)
      .default(3_600)
      .describe("how long it lets clients in"),
  })
  .meta({ id: "NewEnrolmentToken" });

const runClient = z
  .object({
    client: clientName,
    index: participantIndex.nullable().describe("null: it has a key but has not joined"),
    publicKey: publicKey.nullable().describe("null: it joined without a key"),
    enrolledAt: date.nullable(),
    revokedAt: date.nullable(),
  })
  .meta({ id: "RunClient" });

/** Routes about the clients of a run. */
export const clientRoutes = defineRoutes({
  createEnrolmentToken: {
    ...{ method: "POST", path: "/runs/:run/enrolment-tokens", access: "clients:write", tag },
    summary: "Makes a token that lets clients in; its secret is shown once",
    params: one,
    body: newEnrolmentToken,
    answer: created(z.object({ ...enrolmentToken.shape, secret: z.string() })),
  },
  listEnrolmentTokens: {
    ...{ method: "GET", path: "/runs/:run/enrolment-tokens", access: "clients:write", tag },
    summary: "Tokens that let clients in, without their secrets",
    params: one,
    query: page,
    answer: json(pageOf(enrolmentToken)),
  },
  revokeEnrolmentToken: {
    ...{ method: "DELETE", path: "/runs/:run/enrolment-tokens/:token", tag },
    access: "clients:write",
    summary: "A token that lets nobody in any more",
    params: z.strictObject({ run: runName, token: id }),
    answer: nothing,
  },
  listClients: {
    ...{ method: "GET", path: "/runs/:run/clients", access: "clients:write", tag },
    summary: "Clients that have enrolled, by name",
    params: one,
    query: page,
    answer: json(pageOf(runClient)),
  },
  revokeClient: {
    ...{ method: "DELETE", path: "/runs/:run/clients/:client", access: "clients:write", tag },
    summary: "Takes a client's key out of use",
    params: z.strictObject({ run: runName, client: clientName }),
    answer: nothing,
  },
  resetClient: {
    ...{ method: "POST", path: "/runs/:run/clients/:client/reset", access: "clients:write", tag },
    summary: "Forgets a client's key, revoked or not: its next enrolment registers a new one",
    params: z.strictObject({ run: runName, client: clientName }),
    answer: nothing,
  },
  enrolClient: {
    ...{ method: "POST", path: "/runs/:run/enrolments", access: null, tag },
    summary: "A client registers its public key",
    params: one,
    body: z
      .strictObject({
        client: clientName,
        publicKey,
        token: z.string().min(1).max(256).nullable().default(null).describe("enrolment token"),
      })
      .meta({ id: "NewEnrolment" }),
    answer: created(z.object({ run: runName, client: clientName, enrolledAt: date })),
  },
});
