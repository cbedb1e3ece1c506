import type { ItemOf, OutputOf } from "@fedtune/api";
import type { Io } from "../io.ts";
import { tableText } from "../table.ts";
import type { ServerOptions } from "../verbs/run-options.ts";
import { allOf, openClient, runNamed } from "./run-client.ts";

type Summary = ItemOf<"listRuns">;

/** Lists all runs. */
export async function runList(options: ServerOptions, io: Io): Promise<undefined> {
  const client = await openClient(options);
  const { signal } = io;
  const runs = await allOf((from) => client.listRuns({ query: { from }, signal }));
  io.result({ runs }, () => (runs.length === 0 ? "No runs" : tableText(head, runs.map(rowOf))));
  return undefined;
}

const head = ["run", "method", "model", "state", "rounds", "clients", "created"];

function rowOf(run: Summary): string[] {
  const { id, method, model, committedRounds, numRounds, state, createdAt } = run;
  const rounds = `${committedRounds}/${numRounds}`;
  return [id, method, model, phaseText(run), rounds, String(state.present), createdAt];
}

function phaseText({ state, isOpen }: Summary): string {
  const { phase, paused, failure } = state;
  if (failure !== null) return `${phase}: ${failure.code}`;
  if (!isOpen && phase === "idle") return "not open";
  return paused && phase === "waiting" ? "paused" : phase;
}

/** What is asked of one run. */
export interface OneRun extends ServerOptions {
  readonly run: string;
}

/** Shows one run. */
export async function runShow(options: OneRun, io: Io): Promise<undefined> {
  const client = await openClient(options);
  const details = await client.getRun({
    params: { run: runNamed(options.run) },
    signal: io.signal,
  });
  io.result(details, () => `${stateText(details)}\n${participantsText(details)}`);
  return undefined;
}

/** A run in a few lines. */
export function stateText(run: OutputOf<"getRun"> | Summary): string {
  const { id, method, model, committedRounds, numRounds, state } = run;
  const { failure, countdown } = state;
  const facts = [
    ["run", id],
    ["state", phaseText(run)],
    ["method", method],
    ["model", model],
    ["rounds", `${committedRounds} of ${numRounds}`],
    ...(failure === null ? [] : [["failure", `${failure.code}: ${failure.message}`]]),
    ...(countdown === null
      ? []
      : [["waits", `${Math.ceil(countdown.remainingMs / 1000)} s at most`]]),
  ];
  return tableText([], facts);
}

function participantsText({ participants, presence, state }: OutputOf<"getRun">): string {
  if (presence === "hidden") return `clients  ${state.present} connected; who takes part is hidden`;
  const counts = Object.entries(state.counts ?? {}).filter(([, count]) => count > 0);
  const cohort = counts.map(([status, count]) => `${count} ${status}`).join(", ");
  const text = `clients  ${state.present} connected of ${participants.length}`;
  return cohort === "" ? text : `${text}; ${cohort}`;
}
