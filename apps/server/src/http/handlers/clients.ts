import type { ClientRoute, ItemOf } from "@fedtune/api";
import type { ClientId, RunId } from "@fedtune/core";
import type { Handlers } from "../handler.ts";
import { pageOf } from "../page.ts";
import type { RunService } from "../run-service.ts";
import type { SecurityService } from "../security-service.ts";

interface Parts {
  readonly runs: RunService;
  readonly security: SecurityService;
}

/** Who may take part in a run; operators are told of one that does not exist, strangers by the enrolment itself. */
export function clientHandlers({ runs, security }: Parts): Handlers<ClientRoute> {
  return {
    async createEnrolmentToken({ params: { run }, body, by }) {
      await runs.get(run);
      return security.createEnrolmentToken(by, run, body);
    },
    async listEnrolmentTokens({ params: { run }, query }) {
      await runs.get(run);
      return security.listEnrolmentTokens(run, query);
    },
    async revokeEnrolmentToken({ params: { run, token }, by }) {
      await runs.get(run);
      await security.revokeEnrolmentToken(by, run, token);
    },
    listClients: async ({ params: { run }, query }) =>
      pageOf(await clientsOf({ runs, security }, run), query),
    async revokeClient({ params: { run, client }, by }) {
      await runs.get(run);
      await security.revokeClient(by, run, client);
    },
    async resetClient({ params: { run, client }, by }) {
      await runs.get(run);
      await security.resetClient(by, run, client);
    },
    enrolClient: ({ params, body }) => security.enrolClient(params.run, body),
  };
}

type RunClient = ItemOf<"listClients">;

/** Those who have joined in order of their index, then those who have only a key so far. */
async function clientsOf({ runs, security }: Parts, run: RunId): Promise<readonly RunClient[]> {
  const joined = await runs.clients(run);
  const keys = new Map((await security.clientKeys(run)).map((key) => [key.client, key]));
  const withIndex = joined.map(({ client, index }) => row(client, index, keys.get(client)));
  const present = new Set(joined.map(({ client }) => client));
  const others = [...keys.values()].filter(({ client }) => !present.has(client));
  return [...withIndex, ...others.map((key) => row(key.client, null, key))];
}

function row(
  client: ClientId,
  index: number | null,
  key: Awaited<ReturnType<SecurityService["clientKeys"]>>[number] | undefined,
): RunClient {
  const { publicKey = null, enrolledAt = null, revokedAt = null } = key ?? {};
  return { client, index, publicKey, enrolledAt, revokedAt };
}
