import type { AccountRoute } from "@fedtune/api";
import type { Handlers } from "../handler.ts";
import type { SecurityService } from "../security-service.ts";

/** Operators, sessions, tokens, the audit log. */
export function accountHandlers(security: SecurityService): Handlers<AccountRoute> {
  return {
    async signIn({ body, address, setCookie }) {
      const { answer, setCookie: cookie } = await security.signIn(body, { address });
      setCookie(cookie);
      return answer;
    },
    async signOut({ headers, setCookie }) {
      setCookie((await security.signOut(headers)).setCookie);
    },
    async getMe({ by: { kind, actor, scopes }, headers }) {
      return {
        kind,
        actor,
        scopes,
        csrf: kind === "token" ? null : await security.csrfOf(headers),
      };
    },
    changePassword: ({ body, by, headers, address }) =>
      security.changePassword(by, body, { headers, address }),
    createOperator: ({ body, by }) => security.createOperator(by, body),
    listOperators: ({ query }) => security.listOperators(query),
    disableOperator: ({ params, by }) => security.disableOperator(by, params.operator),
    createToken: ({ body, by }) => security.createToken(by, body),
    listTokens: ({ query }) => security.listTokens(query),
    revokeToken: ({ params, by }) => security.revokeToken(by, params.token),
    listAuditEvents: ({ query }) => security.listAuditEvents(query),
    verifyAudit: () => security.verifyAudit(),
  };
}
