import type { InvitationRoute, SetupRoute } from "@fedtune/api";
import type { Handlers } from "../handler.ts";
import type { InvitationService } from "../invitation.ts";
import type { SecurityService } from "../security-service.ts";

/** Being invited to a run, and the base model that taking part needs. */
export function invitationHandlers(invitations: InvitationService): Handlers<InvitationRoute> {
  return {
    openInvitation: ({ params: { run }, body: { token }, headers }) =>
      invitations.open(run, { token, headers }),
    getModel: ({ params: { run } }) => invitations.model(run),
  };
}

/** A coordinator's first start. */
export function setupHandlers(security: SecurityService): Handlers<SetupRoute> {
  return {
    getSetup: async () => ({ isNeeded: await security.isSetupNeeded() }),
    setUp: ({ body, address }) => security.setUp(body, { address }),
  };
}
