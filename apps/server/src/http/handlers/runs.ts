import type { HistoryRoute, RunRoute } from "@fedtune/api";
import type { RunId } from "@fedtune/core";
import type { Principal } from "../../security/principal.ts";
import type { Handlers } from "../handler.ts";
import type { RunService } from "../run-service.ts";
import type { SecurityService } from "../security-service.ts";

interface Parts {
  readonly runs: RunService;
  readonly security: SecurityService;
}

/** Runs: made and steered, and every deed written down. */
export function runHandlers({ runs, security }: Parts): Handlers<RunRoute> {
  const noted = (by: Principal, action: RunRoute, run: RunId): Promise<void> =>
    security.record({ actor: by.actor, action, subject: `run:${run}`, data: {} });
  return {
    async createRun({ body, by }) {
      const details = await runs.create(body);
      await noted(by, "createRun", details.id);
      return details;
    },
    listRuns: ({ query }) => runs.list(query),
    getRun: ({ params }) => runs.get(params.run),
    async pauseRun({ params: { run }, by }) {
      const details = await runs.pause(run);
      await noted(by, "pauseRun", run);
      return details;
    },
    async resumeRun({ params: { run }, by }) {
      const details = await runs.resume(run);
      await noted(by, "resumeRun", run);
      return details;
    },
    async stopRun({ params: { run }, by }) {
      const details = await runs.stop(run);
      await noted(by, "stopRun", run);
      return details;
    },
    estimateRun: ({ body }) => runs.estimate(body.config),
    async deleteRun({ params: { run }, by }) {
      await runs.delete(run);
      await noted(by, "deleteRun", run);
    },
  };
}

/** The past of runs, and what happens to them now. */
export function historyHandlers({ runs, security }: Parts): Handlers<HistoryRoute> {
  return {
    getRound: ({ params }) => runs.round(params.run, Number(params.round)),
    getSeries: ({ params, query }) => runs.series(params.run, query),
    async listParticipants({ params: { run }, query }) {
      const keys = await security.clientKeys(run);
      const revoked = keys.flatMap(({ client, revokedAt }) =>
        revokedAt === null ? [] : [[client, revokedAt] as const],
      );
      return runs.participants(run, query, new Map(revoked));
    },
    listRounds: ({ params, query }) => runs.rounds(params.run, query),
    listEvaluations: ({ params, query }) => runs.evaluations(params.run, query),
    listAttempts: ({ params, query }) => runs.attempts(params.run, query),
    listRefusals: ({ params, query }) => runs.refusals(params.run, query),
    getLedger: ({ params, query }) => runs.ledger(params.run, query),
    getAdapter: ({ params: { run, round }, query: { rank } }) => runs.adapter(run, { round, rank }),
    followRun: ({ params }) => runs.follow(params.run),
  };
}
