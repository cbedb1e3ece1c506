/** What is written to add a person or a token, and how far a token is. */
import { scopes } from "@fedtune/api";
import type { ItemOf, Scope } from "@fedtune/api";
import { words } from "./words.ts";

/** A token of the list. */
export type Token = ItemOf<"listTokens">;
/** A person of the list. */
export type Operator = ItemOf<"listOperators">;

/** What is written to add a person. */
export interface PersonForm {
  readonly name: string;
  readonly role: Operator["role"];
  readonly password: string;
}

/** A person that nobody has written about. */
export const firstPerson: PersonForm = { name: "", role: "operator", password: "" };

const operatorName = /^[a-z][a-z0-9_-]{0,63}$/;
const SHORTEST_PASSWORD = 12;

/** Errors by field. */
export function personErrors({
  name,
  password,
}: PersonForm): Partial<Record<keyof PersonForm, string>> {
  return {
    ...(operatorName.test(name.trim()) ? {} : { name: words.people.nameWrong }),
    ...(password.length >= SHORTEST_PASSWORD ? {} : { password: words.people.passwordWrong }),
  };
}

const DAY = 86_400;

/** How long a token lasts, in seconds; null: until it is revoked. */
export const lifetimes = {
  month: 30 * DAY,
  quarter: 90 * DAY,
  year: 365 * DAY,
  ever: null,
} as const;
/** One of them. */
export type Lifetime = keyof typeof lifetimes;

/** What is written to make a token. */
export interface TokenForm {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly lasts: Lifetime;
}

/** A token that nobody has written about: it reads, and not for ever. */
export const firstToken: TokenForm = { name: "", scopes: ["runs:read"], lasts: "quarter" };

/** Errors by field. */
export function tokenErrors({
  name,
  scopes: chosen,
}: TokenForm): Partial<Record<keyof TokenForm, string>> {
  return {
    ...(/^\P{C}{1,80}$/u.test(name.trim()) ? {} : { name: words.tokens.nameWrong }),
    ...(chosen.length > 0 ? {} : { scopes: words.tokens.scopesWrong }),
  };
}

/** The scopes with one of them added or taken away, in the order of the API. */
export function withScope(
  chosen: readonly Scope[],
  scope: Scope,
  isWanted: boolean,
): readonly Scope[] {
  return scopes.filter((one) => (one === scope ? isWanted : chosen.includes(one)));
}

/** How far a token is. */
export type TokenState = "valid" | "expired" | "revoked";

/** How far a token is at an instant (ms since 1970). */
export function tokenState({ revokedAt, expiresAt }: Token, nowMs: number): TokenState {
  if (revokedAt !== null) return "revoked";
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs ? "expired" : "valid";
}
