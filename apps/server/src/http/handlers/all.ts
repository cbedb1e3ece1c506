import type { Handlers } from "../handler.ts";
import type { InvitationService } from "../invitation.ts";
import type { RunService } from "../run-service.ts";
import type { SecurityService } from "../security-service.ts";
import { accountHandlers } from "./accounts.ts";
import { clientHandlers } from "./clients.ts";
import { invitationHandlers, setupHandlers } from "./invitation.ts";
import { historyHandlers, runHandlers } from "./runs.ts";
import { serverHandlers } from "./server.ts";
import type { ServerFacts } from "./server.ts";

/** What handlers stand on. */
export interface HandlerParts {
  readonly runs: RunService;
  readonly security: SecurityService;
  readonly invitations: InvitationService;
  readonly facts: ServerFacts;
}

/** A handler for every route of the table, and none besides. */
export function allHandlers(parts: HandlerParts): Handlers {
  return {
    ...serverHandlers(parts.facts),
    ...runHandlers(parts),
    ...historyHandlers(parts),
    ...clientHandlers(parts),
    ...invitationHandlers(parts.invitations),
    ...setupHandlers(parts.security),
    ...accountHandlers(parts.security),
  };
}
