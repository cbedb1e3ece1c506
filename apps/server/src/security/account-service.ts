/** What the API asks of security: the parts joined, with limits on attempts and every deed in the audit log. */
import type { ItemOf } from "@fedtune/api";
import { FedtuneError, isFedtuneError } from "@fedtune/core";
import type { RunId } from "@fedtune/core";
import type { IncomingHttpHeaders } from "node:http";
import { pageOf } from "../http/page.ts";
import type { SecurityService } from "../http/security-service.ts";
import type { ApiToken } from "./api-tokens.ts";
import type { AuditEvent } from "./audit-chain.ts";
import { readSessionCookie, sessionCookie } from "./cookies.ts";
import type { CookiePolicy } from "./cookies.ts";
import type { EnrolmentToken } from "./enrolment.ts";
import { scopesOf } from "./operators.ts";
import type { Operator } from "./operators.ts";
import type { Principal } from "./principal.ts";
import type { Security } from "./security.ts";

/** What the service needs beyond the parts of security. */
export interface AccountOptions {
  readonly security: Security;
  readonly now: () => Date;
  readonly cookies: CookiePolicy;
  /** Whether a run takes clients without a token; default: none does. */
  readonly isOpen?: (run: RunId) => boolean;
}

type Parts = Required<AccountOptions>;

/** Makes the service. */
export function accountService(options: AccountOptions): SecurityService {
  const parts = { isOpen: () => false, ...options };
  return {
    ...setupPart(parts),
    ...sessionsPart(parts),
    ...accountsPart(parts),
    ...clientsPart(parts),
    ...auditPart(parts),
  };
}

function setupPart({ security }: Parts) {
  const { firstOperator, limits, audit } = security;
  return {
    isSetupNeeded: () => firstOperator.isMissing(),
    async setUp(first, { address }) {
      await limits.takeAt("signInsOfAddress", address);
      const { name, role } = await firstOperator.claim(first);
      const actor = `operator:${name}`;
      await audit.append({ actor, action: "setUp", subject: actor, data: { role, address } });
    },
  } satisfies Partial<SecurityService>;
}

function sessionsPart({ security, cookies }: Parts) {
  const { limits, operators, sessions, audit } = security;
  const secretOf = (headers: IncomingHttpHeaders) => readSessionCookie(cookies, headers.cookie);
  const noteFailure = failureNotes(security);
  const authenticated = async (action: string, { name, password, address }: Attempt) => {
    try {
      return await operators.authenticate(name, password);
    } catch (error) {
      if (isFedtuneError(error, "unauthenticated")) await noteFailure(action, { name, address });
      throw error;
    }
  };
  return {
    async signIn({ name, password }, { address }) {
      await limits.signIn({ name, address });
      const operator = await authenticated("signInFailed", { name, password, address });
      await limits.signedIn({ name, address });
      const { secret, csrf, expiresAt, longestMs } = await sessions.start(operator.id);
      const actor = `operator:${name}`;
      await audit.append({ actor, action: "signIn", subject: actor, data: { address } });
      const scopes = [...scopesOf(operator.role)];
      return {
        answer: {
          operator: operatorRow(operator),
          scopes,
          csrf,
          expiresAt: expiresAt.toISOString(),
        },
        setCookie: sessionCookie(cookies, { secret, longestMs }),
      };
    },
    async signOut(headers) {
      const secret = secretOf(headers);
      if (secret !== null) await sessions.end(secret);
      return { answer: undefined, setCookie: sessionCookie(cookies, null) };
    },
    async changePassword({ kind, actor }, { old, new: password }, { headers, address }) {
      const name = kind === "operator" ? actor.slice("operator:".length) : null;
      if (name === null) {
        const message = `Cannot change a password as ${actor}: wanted the session of an operator`;
        throw new FedtuneError("forbidden", message);
      }
      await limits.signIn({ name, address });
      await authenticated("changePasswordFailed", { name, password: old, address });
      await operators.setPassword(name, password, secretOf(headers));
      await limits.signedIn({ name, address });
      await audit.append({ actor, action: "changePassword", subject: actor, data: { address } });
    },
    csrfOf(headers) {
      const secret = secretOf(headers);
      return Promise.resolve(secret === null ? null : sessions.csrfOf(secret));
    },
  } satisfies Partial<SecurityService>;
}

function accountsPart({ security, now }: Parts) {
  const { operators, apiTokens } = security;
  const did = recorder(security);
  return {
    async createOperator(by, operator) {
      const made = await operators.create(operator);
      await did(by, "createOperator", `operator:${made.name}`, { role: made.role });
      return operatorRow(made);
    },
    listOperators: async (page) => pageOf((await operators.list()).map(operatorRow), page),
    async disableOperator(by, name) {
      await operators.disable(name);
      await did(by, "disableOperator", `operator:${name}`);
    },
    async createToken(by, { name, scopes, expiresInSeconds }) {
      const expiresAt = expiresInSeconds === null ? null : inSeconds(now(), expiresInSeconds);
      const { token, secret } = await apiTokens.create({ name, scopes, expiresAt }, by);
      await did(by, "createToken", `token:${token.id}`, { name, scopes: token.scopes.join(" ") });
      return { ...tokenRow(token), secret };
    },
    listTokens: async (page) => pageOf((await apiTokens.list()).map(tokenRow), page),
    async revokeToken(by, id) {
      await apiTokens.revoke(id);
      await did(by, "revokeToken", `token:${id}`);
    },
  } satisfies Partial<SecurityService>;
}

function clientsPart({ security, isOpen }: Parts) {
  const { enrolments, clientKeys, audit } = security;
  const did = recorder(security);
  return {
    async createEnrolmentToken(by, run, { client, maxUses, expiresInSeconds }) {
      const ttlMs = expiresInSeconds * 1000;
      const { token, secret } = await enrolments.create({ run, client, maxUses, ttlMs });
      const data = { token: token.id, client, maxUses, expiresAt: token.expiresAt.toISOString() };
      await did(by, "createEnrolmentToken", `run:${run}`, data);
      return { ...enrolmentRow(token), secret };
    },
    listEnrolmentTokens: async (run, page) =>
      pageOf((await enrolments.list(run)).map(enrolmentRow), page),
    async revokeEnrolmentToken(by, run, token) {
      await enrolments.revoke(run, token);
      await did(by, "revokeEnrolmentToken", `run:${run}`, { token });
    },
    async enrolClient(run, enrolment) {
      const { client, publicKey } = enrolment;
      const { enrolledAt, isNew } = await enrolments.enrol({
        run,
        ...enrolment,
        isOpen: isOpen(run),
      });
      if (isNew) {
        const actor = `client:${run}/${client}`;
        await audit.append({
          actor,
          action: "enrolClient",
          subject: `run:${run}`,
          data: { publicKey },
        });
      }
      return { run, client, enrolledAt: enrolledAt.toISOString() };
    },
    async clientKeys(run) {
      return (await clientKeys.list(run)).map(({ client, publicKey, enrolledAt, revokedAt }) => ({
        ...{ client, publicKey, enrolledAt: enrolledAt.toISOString() },
        revokedAt: textOf(revokedAt),
      }));
    },
    async revokeClient(by, run, client) {
      await clientKeys.revoke(run, client);
      await did(by, "revokeClient", `client:${run}/${client}`);
    },
    async resetClient(by, run, client) {
      await clientKeys.reset(run, client);
      await did(by, "resetClient", `client:${run}/${client}`);
    },
  } satisfies Partial<SecurityService>;
}

function auditPart({ security: { audit } }: Parts) {
  return {
    async record(deed) {
      await audit.append(deed);
    },
    async listAuditEvents({ before, limit }) {
      // One more than asked for tells whether there is more.
      const most = limit + 1;
      const found = await audit.list(before === undefined ? { most } : { before, most });
      const items = found.slice(0, limit).map(eventRow);
      return { items, next: found.length > limit ? (items.at(-1)?.sequence ?? null) : null };
    },
    verifyAudit: async () => ({ fault: await audit.verify(), head: await audit.head() }),
  } satisfies Partial<SecurityService>;
}

interface Attempt {
  readonly name: string;
  readonly password: string;
  readonly address: string;
}

/** Writes down attempts that failed, but not more than so many an hour: those beyond are counted in the next one's row. */
function failureNotes({ audit, limits, operators }: Security) {
  let unwritten = 0;
  return async (action: string, { name, address }: Omit<Attempt, "password">): Promise<void> => {
    try {
      await limits.take("failuresWritten", "all");
    } catch {
      unwritten += 1;
      return;
    }
    const data = { address, unwritten };
    unwritten = 0;
    // A name of nobody may be a password that went into the wrong field.
    const subject = (await operators.knows(name)) ? `operator:${name}` : "operator";
    await audit.append({ actor: "anonymous", action, subject, data });
  };
}

type Facts = Readonly<Record<string, string | number | boolean | null>>;

function recorder({ audit }: Security) {
  return async (
    { actor }: Principal,
    action: string,
    ...about: [subject: string, data?: Facts]
  ) => {
    const [subject, data = {}] = about;
    await audit.append({ actor, action, subject, data });
  };
}

function operatorRow({ createdAt, disabledAt, ...rest }: Operator): ItemOf<"listOperators"> {
  return { ...rest, createdAt: createdAt.toISOString(), disabledAt: textOf(disabledAt) };
}

function tokenRow(token: ApiToken): ItemOf<"listTokens"> {
  const { id, name, scopes, operator, createdAt, expiresAt, revokedAt, lastUsedAt } = token;
  return {
    ...{ id, name, scopes: [...scopes], operator, createdAt: createdAt.toISOString() },
    ...{ expiresAt: textOf(expiresAt), revokedAt: textOf(revokedAt) },
    lastUsedAt: textOf(lastUsedAt),
  };
}

function enrolmentRow(token: EnrolmentToken): ItemOf<"listEnrolmentTokens"> {
  const { id, client, maxUses, uses, createdAt, expiresAt, revokedAt } = token;
  return {
    ...{ id, client, maxUses, uses, createdAt: createdAt.toISOString() },
    ...{ expiresAt: expiresAt.toISOString(), revokedAt: textOf(revokedAt) },
  };
}

function eventRow({ at, data, ...rest }: AuditEvent) {
  return { ...rest, at: at.toISOString(), data: { ...data } };
}

function textOf(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}

function inSeconds(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
