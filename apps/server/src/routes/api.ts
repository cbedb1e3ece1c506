/** What operators and dashboards read: runs, their state and history, adapters by round. */
import { FedtuneError } from "@fedtune/core";
import type { Blobs, Store } from "@fedtune/core";
import { Router } from "express";
import { z } from "zod";
import type { OpenRun, RunRegistry } from "../run-registry.ts";
import { sendBytes } from "./bytes.ts";
import { fields, paramsOf } from "./params.ts";
import { hidesPresence, publicHistory } from "../http/public-history.ts";

const runAddress = z.object({ run: fields.run });
const roundAddress = z.object({ run: fields.run, round: fields.round });

/** Routes under `/api`; reading only. */
export function apiRoutes(runs: RunRegistry, store: Store, blobs: Blobs): Router {
  const router = Router();
  router.get("/runs", (_request, response) => {
    response.json({ runs: runs.all().map(summary) });
  });
  router.get("/runs/:run", async (request, response) => {
    const { run } = paramsOf(runAddress, request);
    const open = runs.get(run);
    response.json({ ...summary(open), ...(await details(open, store)) });
  });
  router.get("/runs/:run/rounds/:round/adapter", async (request, response) => {
    const { run, round } = paramsOf(roundAddress, request);
    const { coordinator } = runs.get(run);
    const { rank } = coordinator.setup.resolved.config.adapter;
    const row = await store.getRound(run, round);
    const hash = row?.adapters.find((adapter) => adapter.rank === rank)?.model;
    if (hash === undefined) {
      throw new FedtuneError(
        "blob-missing",
        `Cannot find the adapter of round ${round}: the round is not committed`,
      );
    }
    sendBytes(response, await blobs.get(hash), hash);
  });
  return router;
}

/** A run in one line. */
function summary(run: OpenRun) {
  const { coordinator } = run;
  const { id, resolved } = coordinator.setup;
  const state = coordinator.state();
  const { config } = resolved;
  return {
    id,
    name: config.name,
    model: config.model,
    method: config.method["name"],
    phase: state.phase,
    round: state.round,
    rounds: config.rounds.numRounds,
    attempt: state.attempt,
    present: state.presentCount,
    paused: state.paused,
    failure: state.failure,
    countdown: run.countdown(),
  };
}

async function details({ coordinator }: OpenRun, store: Store) {
  const { setup } = coordinator;
  const { config } = setup.resolved;
  const stored = await store.getHistory(setup.id);
  const history = stored === null ? null : publicHistory(stored, config);
  const { participants, cohort, counts } = coordinator.state();
  if (hidesPresence(config)) {
    const here = participants.flatMap((one) =>
      one === undefined ? [] : [{ index: one.index, present: one.present }],
    );
    return { participants: here, counts: null, history };
  }
  const members = new Map(cohort.map((member) => [member.index, member]));
  return {
    participants: participants.flatMap((participant) => {
      if (participant === undefined) return [];
      const { index, present, holds } = participant;
      return { index, present, holds, status: members.get(index)?.status ?? null };
    }),
    counts,
    history,
  };
}
