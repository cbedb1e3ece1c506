/** Everything that decides who may do what, on one database. */
import { apiTokens } from "./api-tokens.ts";
import type { ApiTokens } from "./api-tokens.ts";
import { auditLog } from "./audit.ts";
import type { AuditLog } from "./audit.ts";
import { authenticator } from "./authenticate.ts";
import type { AskingRequest } from "./authenticate.ts";
import { clientKeys } from "./client-keys.ts";
import type { ClientKeys } from "./client-keys.ts";
import { enrolments } from "./enrolment.ts";
import type { Enrolments } from "./enrolment.ts";
import { firstOperator } from "./first-operator.ts";
import type { FirstOperator } from "./first-operator.ts";
import { nonces } from "./nonces.ts";
import { operators } from "./operators.ts";
import type { Operators } from "./operators.ts";
import { passwords } from "./passwords.ts";
import type { SecurityPorts } from "./ports.ts";
import type { Principal } from "./principal.ts";
import { rateLimits } from "./rate-limits.ts";
import type { Allowances, RateLimits } from "./rate-limits.ts";
import { revocations } from "./revocations.ts";
import type { Revocations } from "./revocations.ts";
import { defaultSessionPolicy, sessions } from "./sessions.ts";
import type { SessionPolicy, Sessions } from "./sessions.ts";
import { requestVerifier } from "./verify-request.ts";
import type { RequestVerifier } from "./verify-request.ts";

/** What it stands on, and how strict it is. */
export interface SecurityOptions extends SecurityPorts {
  /** Whether browsers reach the coordinator by https, directly or through a proxy. */
  readonly secure: boolean;
  readonly sessionPolicy?: SessionPolicy;
  readonly allowances?: Partial<Allowances>;
}

/** The parts, sharing one list of listeners for revocations. */
export interface Security {
  readonly operators: Operators;
  readonly firstOperator: FirstOperator;
  readonly sessions: Sessions;
  readonly apiTokens: ApiTokens;
  readonly enrolments: Enrolments;
  readonly clientKeys: ClientKeys;
  readonly requests: RequestVerifier;
  readonly audit: AuditLog;
  readonly limits: RateLimits;
  readonly revocations: Revocations;
  /** Who asks; null: nobody in particular. Asked quietly, a session is not used by it: see {@link Sessions.resolve}. */
  authenticate(
    request: AskingRequest,
    how?: { readonly quietly: boolean },
  ): Promise<Principal | null>;
  /** Forgets expired sessions and nonces; to be called every few minutes. Returns how many rows went. */
  sweep(): Promise<number>;
}

/** Puts the parts together; nothing is asked of the database yet. */
export function openSecurity(options: SecurityOptions): Security {
  const { secure, sessionPolicy = defaultSessionPolicy, allowances = {}, ...ports } = options;
  const told = revocations();
  const shared = { ...ports, revocations: told };
  const live = sessions(shared, sessionPolicy);
  const tokens = apiTokens(shared);
  const keys = clientKeys(shared);
  const used = nonces(ports);
  const people = operators({ ...shared, passwords: passwords() });
  return {
    operators: people,
    firstOperator: firstOperator({ ...ports, operators: people }),
    sessions: live,
    apiTokens: tokens,
    enrolments: enrolments(ports),
    clientKeys: keys,
    requests: requestVerifier({ now: ports.now, keys, nonces: used }),
    audit: auditLog(ports),
    limits: rateLimits(allowances),
    revocations: told,
    authenticate: authenticator({ tokens, sessions: live, cookies: { secure } }),
    sweep: async () => (await live.sweep()) + (await used.sweep()),
  };
}
