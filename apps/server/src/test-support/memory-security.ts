/** Accounts and credentials in memory: as much of the security service as tests of the API need. */
import type { ItemOf, OutputOf } from "@fedtune/api";
import { FedtuneError } from "@fedtune/core";
import type { ClientId, RunId } from "@fedtune/core";
import type { IncomingMessage } from "node:http";
import { randomUUID } from "node:crypto";
import { pageOf } from "../http/page.ts";
import type { Deed, SecurityService } from "../http/security-service.ts";
import type { EnrolmentToken as EnrolmentSeen } from "../security/enrolment.ts";
import type { Scope } from "@fedtune/api";
import type { Principal } from "../security/principal.ts";

const now = "2026-01-02T03:04:05.000Z";

interface EnrolmentToken extends ItemOf<"listEnrolmentTokens"> {
  readonly run: RunId;
  readonly secret: string;
}

export interface MemorySecurity extends SecurityService {
  /** As the repository of enrolments does. */
  look(run: RunId, secret: string | null): Promise<EnrolmentSeen>;
  /** What was recorded, oldest first. */
  readonly deeds: Deed[];
  /** The bearer token of somebody with these scopes. */
  bearer(...scopes: Scope[]): string;
  /** No token admits anything any more. */
  forget(): void;
  authenticate(request: Pick<IncomingMessage, "headers">): Promise<Principal | null>;
}

type Row<T> = { -readonly [Key in keyof T]: T[Key] };

/** Makes an empty service; one operator, `root` with password `correct horse battery`, is there. */
export function memorySecurity(): MemorySecurity {
  const deeds: Deed[] = [];
  const operators: Row<ItemOf<"listOperators">>[] = [operatorOf("root", "admin")];
  const passwords = new Map([["root", "correct horse battery"]]);
  const tokens: Row<ItemOf<"listTokens">>[] = [];
  const secrets = new Map<string, Principal>();
  const enrolments: Row<EnrolmentToken>[] = [];
  const keys: (Row<Awaited<ReturnType<SecurityService["clientKeys"]>>[number]> & {
    run: RunId;
  })[] = [];
  const sessions = new Map<string, string>();
  const sessionOf = (cookie: string | undefined): string | null =>
    /fedtune-session=([^;]+)/.exec(cookie ?? "")?.[1] ?? null;
  return {
    deeds,
    bearer(...scopes) {
      const secret = `ft_${randomUUID()}`;
      secrets.set(secret, { kind: "token", actor: `token:${scopes.join("+")}`, scopes });
      return secret;
    },
    forget() {
      secrets.clear();
    },
    async authenticate({ headers }) {
      const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1];
      if (bearer !== undefined) {
        const principal = secrets.get(bearer);
        if (principal !== undefined) return principal;
        throw new FedtuneError("unauthenticated", "Cannot use this token");
      }
      const name = sessions.get(sessionOf(headers.cookie) ?? "");
      return name === undefined
        ? null
        : { kind: "operator", actor: `operator:${name}`, scopes: ["admin"] };
    },
    isSetupNeeded: async () => operators.length === 0,
    async setUp() {
      throw new FedtuneError("forbidden", "Cannot make the first operator: there is one");
    },
    async signIn({ name, password }) {
      const operator = operators.find((one) => one.name === name && one.disabledAt === null);
      if (operator === undefined || passwords.get(name) !== password) {
        throw new FedtuneError("unauthenticated", "Cannot sign in: wrong name or password");
      }
      const secret = randomUUID();
      sessions.set(secret, name);
      return {
        answer: { operator, scopes: ["admin"], csrf: `csrf-${secret}`, expiresAt: now },
        setCookie: `fedtune-session=${secret}; HttpOnly; SameSite=Strict`,
      };
    },
    async signOut({ cookie }) {
      sessions.delete(sessionOf(cookie) ?? "");
      return { answer: undefined, setCookie: "fedtune-session=; Max-Age=0" };
    },
    csrfOf: async ({ cookie }) => {
      const secret = sessionOf(cookie);
      return secret === null ? null : `csrf-${secret}`;
    },
    async changePassword({ actor }, change) {
      const name = actor.slice("operator:".length);
      if (passwords.get(name) !== change.old) {
        throw new FedtuneError("unauthenticated", "Cannot sign in: wrong name or password");
      }
      passwords.set(name, change.new);
    },
    async createOperator(_by, { name, password, role }) {
      const operator = operatorOf(name, role);
      operators.push(operator);
      passwords.set(name, password);
      return operator;
    },
    listOperators: async (page) => pageOf(operators, page),
    async disableOperator(_by, name) {
      existing(operators.find((one) => one.name === name)).disabledAt = now;
    },
    async createToken(by, { name, scopes }) {
      const token = {
        ...{ id: randomUUID(), name, scopes: [...scopes], operator: null },
        ...dates(),
      };
      tokens.push(token);
      const secret = `ft_${randomUUID()}`;
      secrets.set(secret, { kind: "token", actor: `token:${token.id}`, scopes });
      deeds.push({ actor: by.actor, action: "createToken", subject: token.id, data: {} });
      return { ...token, secret };
    },
    listTokens: async (page) => pageOf(tokens, page),
    async revokeToken(_by, id) {
      existing(tokens.find((one) => one.id === id)).revokedAt = now;
    },
    async createEnrolmentToken(_by, run, { client, maxUses }) {
      const token = {
        ...{ id: randomUUID(), client, maxUses, uses: 0, createdAt: now, expiresAt: now },
        revokedAt: null,
      };
      const secret = `fte_${randomUUID()}`;
      enrolments.push({ ...token, run, secret });
      return { ...token, secret };
    },
    listEnrolmentTokens: async (run, page) => {
      const own = enrolments.filter((one) => one.run === run);
      return pageOf(
        own.map(({ run: _run, secret: _secret, ...token }) => token),
        page,
      );
    },
    async revokeEnrolmentToken(_by, run, id) {
      existing(enrolments.find((one) => one.id === id && one.run === run)).revokedAt = now;
    },
    async look(run, secret) {
      const found = enrolments.find((one) => one.run === run && one.secret === secret);
      if (found === undefined) throw new FedtuneError("unauthenticated", "Cannot find the token");
      const { createdAt, expiresAt } = found;
      const dates = { createdAt: new Date(createdAt), expiresAt: new Date(expiresAt) };
      return { ...found, ...dates, revokedAt: null };
    },
    async enrolClient(run, { client, publicKey, token }) {
      const found = enrolments.find((one) => one.run === run && one.secret === token);
      if (found?.revokedAt !== null) {
        throw new FedtuneError("unauthenticated", "Cannot enrol without a token of this run");
      }
      found.uses += 1;
      keys.push({ run, client, publicKey, enrolledAt: now, revokedAt: null });
      return { run, client, enrolledAt: now };
    },
    clientKeys: async (run) =>
      keys.filter((one) => one.run === run).map(({ run: _run, ...key }) => key),
    async revokeClient(_by, run, client: ClientId) {
      existing(keys.find((one) => one.run === run && one.client === client)).revokedAt = now;
    },
    async resetClient(_by, run, client: ClientId) {
      const at = keys.findIndex((one) => one.run === run && one.client === client);
      existing(keys[at]);
      keys.splice(at, 1);
    },
    async record(deed) {
      deeds.push(deed);
    },
    async listAuditEvents({ before = Infinity, limit }): Promise<OutputOf<"listAuditEvents">> {
      const all = deeds.map((deed, at) => ({
        ...{ sequence: at + 1, at: now, previous: "", hash: "" },
        ...deed,
      }));
      const older = all.reverse().filter(({ sequence }) => sequence < before);
      const items = older.slice(0, limit);
      return { items, next: older.length > limit ? (items.at(-1)?.sequence ?? null) : null };
    },
    verifyAudit: async () => ({ fault: null, head: null }),
  };
}

function operatorOf(name: string, role: "admin" | "operator" | "viewer") {
  return { id: randomUUID(), name, role, createdAt: now, disabledAt: null };
}

function dates() {
  return { createdAt: now, expiresAt: null, revokedAt: null, lastUsedAt: null };
}

function existing<T>(found: T | undefined): T {
  if (found !== undefined) return found;
  throw new FedtuneError("usage", "Cannot find it");
}
