/** Accounts, credentials and the audit log as the API needs them; the rules behind it are the security package's. */
import type { CallOf, ItemOf, OutputOf, PageQuery } from "@fedtune/api";
import type { ClientId, RunId } from "@fedtune/core";
import type { IncomingHttpHeaders } from "node:http";
import type { Principal } from "../security/principal.ts";

/** An answer that sets a cookie. */
export interface WithCookie<Answer> {
  readonly answer: Answer;
  /** A whole `Set-Cookie` header. */
  readonly setCookie: string;
}

/** Something that was done, for the audit log. */
export interface Deed {
  /** See {@link Principal.actor}. */
  readonly actor: string;
  /** Name of the route. */
  readonly action: string;
  readonly subject: string;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;
}

/** The key with which a client of a run signs. */
export type ClientKey = Omit<ItemOf<"listClients">, "index" | "publicKey" | "enrolledAt"> & {
  readonly publicKey: string;
  readonly enrolledAt: string;
};

/**
 * Everything about who may do what. What it changes on behalf of `by` it writes into the audit log itself; deeds upon
 * runs are told by {@link SecurityService.record}. Things that do not exist end in `usage`.
 */
export interface SecurityService {
  /** Whether there is no operator yet. */
  isSetupNeeded(): Promise<boolean>;
  /** Makes the first operator. @throws FedtuneError `unauthenticated`, `forbidden` when there is one, `rate-limited` */
  setUp(first: CallOf<"setUp">["body"], from: { readonly address: string }): Promise<void>;
  /** @throws FedtuneError `unauthenticated`, `rate-limited` */
  signIn(
    credentials: CallOf<"signIn">["body"],
    from: { readonly address: string },
  ): Promise<WithCookie<OutputOf<"signIn">>>;
  /** Ends the session that the cookie names, if any; the cookie that comes back deletes it. */
  signOut(headers: IncomingHttpHeaders): Promise<WithCookie<undefined>>;
  /** The CSRF token of the session that the cookie names; null without a session. */
  csrfOf(headers: IncomingHttpHeaders): Promise<string | null>;

  /**
   * Changes the password of the operator who asks; every session of theirs ends but the one that the cookie names.
   *
   * @throws FedtuneError `unauthenticated` for a wrong old password, `forbidden` for a token, `rate-limited`
   */
  changePassword(
    by: Principal,
    change: CallOf<"changePassword">["body"],
    from: { readonly headers: IncomingHttpHeaders; readonly address: string },
  ): Promise<void>;

  createOperator(
    by: Principal,
    operator: CallOf<"createOperator">["body"],
  ): Promise<OutputOf<"createOperator">>;
  listOperators(page: PageQuery): Promise<OutputOf<"listOperators">>;
  disableOperator(by: Principal, operator: string): Promise<void>;

  createToken(
    by: Principal,
    token: CallOf<"createToken">["body"],
  ): Promise<OutputOf<"createToken">>;
  listTokens(page: PageQuery): Promise<OutputOf<"listTokens">>;
  revokeToken(by: Principal, token: string): Promise<void>;

  createEnrolmentToken(
    by: Principal,
    run: RunId,
    token: CallOf<"createEnrolmentToken">["body"],
  ): Promise<OutputOf<"createEnrolmentToken">>;
  listEnrolmentTokens(run: RunId, page: PageQuery): Promise<OutputOf<"listEnrolmentTokens">>;
  revokeEnrolmentToken(by: Principal, run: RunId, token: string): Promise<void>;
  /**
   * Registers a client's key under (run, client); the same key again changes nothing.
   *
   * @throws FedtuneError `unauthenticated`, `credential-expired`, `credential-revoked`, `forbidden`
   */
  enrolClient(
    run: RunId,
    enrolment: CallOf<"enrolClient">["body"],
  ): Promise<OutputOf<"enrolClient">>;
  /** All keys of a run's clients. */
  clientKeys(run: RunId): Promise<readonly ClientKey[]>;
  revokeClient(by: Principal, run: RunId, client: ClientId): Promise<void>;
  /** Forgets a client's key, revoked or not, and cuts its connections: it may enrol anew, with another key. */
  resetClient(by: Principal, run: RunId, client: ClientId): Promise<void>;

  record(deed: Deed): Promise<void>;
  listAuditEvents(page: CallOf<"listAuditEvents">["query"]): Promise<OutputOf<"listAuditEvents">>;
  verifyAudit(): Promise<OutputOf<"verifyAudit">>;
}
