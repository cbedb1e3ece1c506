/** The API's view of accounts and credentials over the security of this process: every change is told to the audit log. */
import type { ClientId, Digest } from "@fedtune/core";
import { readSessionCookie, sessionCookie } from "../security/cookies.ts";
import type { CookiePolicy } from "../security/cookies.ts";
import type { EnrolmentToken } from "../security/enrolment.ts";
import type { Operator } from "../security/operators.ts";
import { scopesOf } from "../security/operators.ts";
import type { ApiToken } from "../security/api-tokens.ts";
import type { Principal } from "../security/principal.ts";
import type { Security } from "../security/security.ts";
import { pageOf } from "./page.ts";
import type { Deed, SecurityService } from "./security-service.ts";

/** What the accounts stand on. */
export interface AccountsOptions {
  readonly security: Security;
  readonly cookies: CookiePolicy;
  readonly now: () => Date;
  /** Whether clients may enrol in any run without a token. */
  readonly openEnrolment: boolean;
}

/** Makes the service of the API. */
export function accounts(options: AccountsOptions): SecurityService {
  const { security } = options;
  const { audit } = security;
  const record = async (deed: Deed): Promise<void> => {
    await audit.append(deed);
  };
  return {
    ...browserSessions(options, record),
    ...people(security, record),
    ...programs(options, record),
    ...clients(options, record),
    record,
    async listAuditEvents({ before, limit }) {
      const events = await audit.list({ ...(before === undefined ? {} : { before }), most: limit });
      const last = events.at(-1)?.sequence ?? 0;
      return {
        items: events.map(({ at, ...event }) => ({ ...event, at: at.toISOString() })),
        next: events.length === limit && last > 1 ? last : null,
      };
    },
    verifyAudit: async () => ({ fault: await audit.verify(), head: await audit.head() }),
  };
}

type Recorder = (deed: Deed) => Promise<void>;

function browserSessions(
  { security, cookies }: AccountsOptions,
  record: Recorder,
): Pick<SecurityService, "signIn" | "signOut" | "csrfOf"> {
  const { operators, sessions, limits } = security;
  return {
    async signIn({ name, password }, { address }) {
      await limits.signIn({ name, address });
      const operator = await operators
        .authenticate(name, password)
        .catch(async (error: unknown) => {
          const deed = { actor: "system", action: "signIn.refused", data: { address } };
          await record({ ...deed, subject: `operator:${name.slice(0, 64)}` });
          throw error;
        });
      await limits.signedIn({ name, address });
      const { secret, csrf, expiresAt, longestMs } = await sessions.start(operator.id);
      const actor = `operator:${operator.name}`;
      await record({ actor, action: "signIn", subject: actor, data: { address } });
      return {
        answer: {
          operator: shownOperator(operator),
          scopes: [...scopesOf(operator.role)],
          csrf,
          expiresAt: expiresAt.toISOString(),
        },
        setCookie: sessionCookie(cookies, { secret, longestMs }),
      };
    },
    async signOut({ cookie }) {
      const secret = readSessionCookie(cookies, cookie);
      if (secret !== null) await sessions.end(secret);
      return { answer: undefined, setCookie: sessionCookie(cookies, null) };
    },
    csrfOf({ cookie }) {
      const secret = readSessionCookie(cookies, cookie);
      return Promise.resolve(secret === null ? null : sessions.csrfOf(secret));
    },
  };
}

function people(
  { operators }: Security,
  record: Recorder,
): Pick<SecurityService, "createOperator" | "listOperators" | "disableOperator"> {
  return {
    async createOperator({ actor }, operator) {
      const made = await operators.create(operator);
      const { name, role } = made;
      await record({
        actor,
        action: "createOperator",
        subject: `operator:${name}`,
        data: { role },
      });
      return shownOperator(made);
    },
    listOperators: async (page) => paged((await operators.list()).map(shownOperator), page),
    async disableOperator({ actor }, name) {
      await operators.disable(name);
      await record({ actor, action: "disableOperator", subject: `operator:${name}`, data: {} });
    },
  };
}

function programs(
  { security: { apiTokens }, now }: AccountsOptions,
  record: Recorder,
): Pick<SecurityService, "createToken" | "listTokens" | "revokeToken"> {
  return {
    async createToken(by, { name, scopes, expiresInSeconds }) {
      const expiresAt = expiresInSeconds === null ? null : later(now(), expiresInSeconds);
      const { token, secret } = await apiTokens.create({ name, scopes, expiresAt }, by);
      const data = { name, scopes: scopes.join(" ") };
      await record({ actor: by.actor, action: "createToken", subject: `token:${token.id}`, data });
      return { ...shownToken(token), secret };
    },
    listTokens: async (page) => paged((await apiTokens.list()).map(shownToken), page),
    async revokeToken({ actor }, id) {
      await apiTokens.revoke(id);
      await record({ actor, action: "revokeToken", subject: `token:${id}`, data: {} });
    },
  };
}

function clients(
  { security, openEnrolment }: AccountsOptions,
  record: Recorder,
): Pick<
  SecurityService,
  | "createEnrolmentToken"
  | "listEnrolmentTokens"
  | "revokeEnrolmentToken"
  | "enrolClient"
  | "clientKeys"
  | "revokeClient"
> {
  const { enrolments, clientKeys } = security;
  const asked = async (by: Principal, action: string, subject: string): Promise<void> =>
    record({ actor: by.actor, action, subject, data: {} });
  return {
    async createEnrolmentToken(by, run, { client, maxUses, expiresInSeconds }) {
      const made = await enrolments.create({
        ...{ run, maxUses, ttlMs: expiresInSeconds * 1000 },
        client: client as ClientId | null,
      });
      await asked(by, "createEnrolmentToken", `run:${run}`);
      return { ...shownEnrolment(made.token), secret: made.secret };
    },
    listEnrolmentTokens: async (run, page) =>
      paged((await enrolments.list(run)).map(shownEnrolment), page),
    async revokeEnrolmentToken(by, run, id) {
      await enrolments.revoke(run, id);
      await asked(by, "revokeEnrolmentToken", `run:${run}`);
    },
    async enrolClient(run, { client: name, publicKey, token }) {
      const client = name as ClientId;
      const request = { run, client, publicKey, token, isOpen: openEnrolment };
      const { enrolledAt, isNew } = await enrolments.enrol(request);
      const actor = `client:${run}/${client}`;
      if (isNew) await record({ actor, action: "enrolClient", subject: `run:${run}`, data: {} });
      return { run, client, enrolledAt: enrolledAt.toISOString() };
    },
    async clientKeys(run) {
      return (await clientKeys.list(run)).map(({ client, publicKey, enrolledAt, revokedAt }) => ({
        ...{ client, publicKey: publicKey as Digest },
        enrolledAt: enrolledAt.toISOString(),
        revokedAt: text(revokedAt),
      }));
    },
    async revokeClient(by, run, client) {
      await clientKeys.revoke(run, client);
      await asked(by, "revokeClient", `client:${run}/${client}`);
    },
  };
}

function paged<Item>(items: readonly Item[], page: Parameters<typeof pageOf>[1]) {
  return pageOf(items, page);
}

function shownOperator({ createdAt, disabledAt, ...operator }: Operator) {
  return { ...operator, createdAt: createdAt.toISOString(), disabledAt: text(disabledAt) };
}

function shownToken({ createdAt, expiresAt, revokedAt, lastUsedAt, ...token }: ApiToken) {
  return {
    ...{ ...token, createdAt: createdAt.toISOString(), expiresAt: text(expiresAt) },
    ...{ revokedAt: text(revokedAt), lastUsedAt: text(lastUsedAt) },
  };
}

function shownEnrolment({ run: _run, createdAt, expiresAt, revokedAt, ...token }: EnrolmentToken) {
  return {
    ...{ ...token, createdAt: createdAt.toISOString(), expiresAt: expiresAt.toISOString() },
    revokedAt: text(revokedAt),
  };
}

function text(date: Date | null): string | null {
  return date?.toISOString() ?? null;
}

function later(now: Date, seconds: number): Date {
  return new Date(now.getTime() + seconds * 1000);
}
