/** People, sessions, programs, and who did what. */
import { z } from "zod";
import { count, date, id, label, operatorName, page, pageOf, scopeList } from "../fields.ts";
import { created, defineRoutes, json, nothing } from "../route.ts";
import { scopes } from "../scopes.ts";

const tag = "accounts";

const role = z.enum(["admin", "operator", "viewer"]);
const password = z.string().min(1).max(1024);

const operator = z
  .object({ id, name: label, role, createdAt: date, disabledAt: date.nullable() })
  .meta({ id: "Operator" });

const token = z
  .object({
    id,
    name: label,
    scopes: z.array(z.enum(scopes)),
    operator: operatorName
      .nullable()
      .describe("who made it, and with whom it ends; null: the system"),
    createdAt: date,
    expiresAt: date.nullable(),
    revokedAt: date.nullable(),
    lastUsedAt: date.nullable(),
  })
  .meta({ id: "ApiToken" });

const auditEvent = z
  .object({
    sequence: count,
    at: date,
    actor: z.string(),
    action: z.string(),
    subject: z.string(),
    data: z.record(z.string(), z.unknown()),
    previous: z.string(),
    hash: z.string(),
  })
  .meta({ id: "AuditEvent" });

/** Routes about operators and their sessions. */
export const operatorRoutes = defineRoutes({
  signIn: {
    ...{ method: "POST", path: "/sessions", access: null, tag },
    summary: "Opens a session: sets its cookie and tells the CSRF token",
    body: z.strictObject({ name: operatorName, password }).meta({ id: "SignIn" }),
    answer: created(
      z.object({
        operator,
        scopes: z.array(z.enum(scopes)),
        csrf: z.string().describe("to be repeated in X-Fedtune-CSRF by every request that writes"),
        expiresAt: date,
      }),
    ),
  },
  signOut: {
    ...{ method: "DELETE", path: "/sessions/current", access: "signed-in", tag },
    summary: "Ends the session of this cookie",
    answer: nothing,
  },
  getMe: {
    ...{ method: "GET", path: "/me", access: "signed-in", tag },
    summary: "Who is asking",
    answer: json(
      z.object({
        kind: z.enum(["operator", "token"]),
        actor: z.string(),
        scopes: z.array(z.enum(scopes)),
        csrf: z.string().nullable().describe("of a session; null: asked with a token"),
      }),
    ),
  },
  changePassword: {
    ...{ method: "PUT", path: "/me/password", access: "signed-in", tag },
    summary: "Changes the own password; all other sessions of the operator end",
    body: z
      .strictObject({ old: password, new: z.string().min(12).max(1024) })
      .meta({ id: "PasswordChange" }),
    answer: nothing,
  },
  createOperator: {
    ...{ method: "POST", path: "/operators", access: "admin", tag },
    summary: "Adds an operator",
    body: z
      .strictObject({ name: operatorName, password: z.string().min(12).max(1024), role })
      .meta({ id: "NewOperator" }),
    answer: created(operator),
  },
  listOperators: {
    ...{ method: "GET", path: "/operators", access: "admin", tag },
    summary: "Operators",
    query: page,
    answer: json(pageOf(operator)),
  },
  disableOperator: {
    ...{ method: "POST", path: "/operators/:operator/disable", access: "admin", tag },
    summary: "Ends an operator's sessions and lets nobody sign in by that name",
    params: z.strictObject({ operator: operatorName }),
    answer: nothing,
  },
});

/** Routes about the tokens of programs. */
export const tokenRoutes = defineRoutes({
  createToken: {
    ...{ method: "POST", path: "/tokens", access: "admin", tag },
    summary: "Makes a token for a program; its secret is shown once",
    body: z
      .strictObject({
        name: label,
        scopes: scopeList,
        expiresInSeconds: z
          .int()
          .min(60)
          .max(10 * 365 * 86_400)
          .nullable()
          .default(null)
          .describe("null: until it is revoked"),
      })
      .meta({ id: "NewApiToken" }),
    answer: created(z.object({ ...token.shape, secret: z.string() })),
  },
  listTokens: {
    ...{ method: "GET", path: "/tokens", access: "admin", tag },
    summary: "Tokens, without their secrets",
    query: page,
    answer: json(pageOf(token)),
  },
  revokeToken: {
    ...{ method: "DELETE", path: "/tokens/:token", access: "admin", tag },
    summary: "Takes a token out of use",
    params: z.strictObject({ token: id }),
    answer: nothing,
  },
});

/** Routes about the audit log. */
export const auditRoutes = defineRoutes({
  listAuditEvents: {
    ...{ method: "GET", path: "/audit", access: "admin", tag },
    summary: "Who did what, the latest first",
    query: z.strictObject({
      before: z.int().min(1).optional().describe("only events before this one"),
      limit: page.shape.limit,
    }),
    answer: json(
      z.object({
        items: z.array(auditEvent),
        next: count.nullable().describe("`before` of the next part; null: this is the last one"),
      }),
    ),
  },
  verifyAudit: {
    ...{ method: "GET", path: "/audit/verification", access: "admin", tag },
    summary: "Whether the chain of the audit log is whole",
    answer: json(
      z.object({
        fault: z
          .object({ sequence: count, problem: z.enum(["missing", "edited", "unlinked"]) })
          .nullable()
          .describe("the first event that does not fit; null: the log is whole"),
        head: z
          .object({ sequence: count, hash: z.string() })
          .nullable()
          .describe("where the log ends; kept elsewhere, it shows that no end was cut off"),
      }),
    ),
  },
});
