import type { ApiClient, ItemOf, OutputOf } from "@fedtune/api";
import type { RunId } from "@fedtune/core";
import { exitCodes } from "../edge.ts";
import type { Io } from "../io.ts";
import { bytesText, decimal } from "./report-text.ts";
import { allOf, openClient, runNamed } from "./run-client.ts";
import { stateText } from "./run-show.ts";
import type { OneRun } from "./run-show.ts";

/** What `fedtune run log` was asked for. */
export interface RunLogOptions extends OneRun {
  readonly follow?: true | undefined;
}

/** Tells what has happened and, with `--follow`, what happens until the run ends. */
export async function runLog(options: RunLogOptions, io: Io): Promise<number> {
  const client = await openClient(options);
  const run = runNamed(options.run);
  if (options.follow === true) return followed(client, run, io);
  const { rounds, evaluations } = await historyOf(client, run, io.signal);
  const refusals = await allOf((from) =>
    client.listRefusals({ params: { run }, query: { from }, signal: io.signal }),
  );
  io.result({ run, rounds, evaluations, refusals }, () =>
    [
      ...inOrder(rounds, evaluations),
      ...refusals.map(
        ({ round, index, code }) => `refused participant ${index} in round ${round}: ${code}`,
      ),
    ].join("\n"),
  );
  return exitCodes.ok;
}

async function historyOf(client: ApiClient, run: RunId, signal: AbortSignal) {
  const params = { run };
  const rounds = await allOf((from) => client.listRounds({ params, query: { from }, signal }));
  const evaluations = await allOf((from) =>
    client.listEvaluations({ params, query: { from }, signal }),
  );
  return { rounds, evaluations };
}

type Round = ItemOf<"listRounds">;
type Evaluation = ItemOf<"listEvaluations">;

/** Each evaluation after the round that it is of. */
function inOrder(rounds: readonly Round[], evaluations: readonly Evaluation[]): string[] {
  const lines = [
    ...rounds.map((row) => ({ at: 2 * row.round, text: roundText(row) })),
    ...evaluations.map((row) => ({ at: 2 * row.round + 1, text: evaluationText(row) })),
  ];
  return lines.sort((a, b) => a.at - b.at).map(({ text }) => text);
}

/** Notes for people, lines of JSON for programs; the last state is the result. */
async function followed(client: ApiClient, run: RunId, io: Io): Promise<number> {
  let phase = "";
  for await (const event of client.followRun({ params: { run }, signal: io.signal })) {
    io.event({ event: event.type, run, ...event });
    const text = eventText(event, phase);
    if (text !== null) io.note(text);
    if (event.type === "state") phase = event.state.phase;
  }
  const details = await client.getRun({ params: { run }, signal: io.signal });
  io.result({ event: "end", run, status: details.status }, () => stateText(details));
  return details.status === "failed" ? exitCodes.failure : exitCodes.ok;
}

function eventText(event: OutputOf<"followRun">, before: string): string | null {
  switch (event.type) {
    case "state": {
      const { phase, round, present } = event.state;
      return phase === before ? null : `round ${round}: ${phase}, ${present} clients`;
    }
    case "round":
      return roundText(event.round);
    case "evaluation":
      return evaluationText(event.evaluation);
    case "refusal":
      return `refused ${event.refusal.client}: ${event.refusal.code}: ${event.refusal.message}`;
    case "abandoned":
      return `round ${event.attempt.round}: attempt ${event.attempt.attempt} abandoned: ${event.attempt.code}`;
    case "members":
      return null;
    case "missed":
      return "some events are not held any more; see: fedtune run log";
  }
}

function roundText({ round, accepted, sampled, seconds, traffic, training }: Round): string {
  const parts = [
    accepted === undefined ? null : `${accepted.length} of ${sampled ?? accepted.length} updates`,
    training?.["loss"] === undefined
      ? null
      : `training loss ${decimal(training["loss"] ?? undefined)}`,
    traffic === undefined ? null : `${bytesText(traffic.bytesUp)} up`,
    seconds === undefined ? null : `${seconds.toFixed(1)} s`,
  ].filter((part) => part !== null);
  return [`round ${round} committed`, ...parts].join(", ");
}

function evaluationText({ round, metrics }: Evaluation): string {
  const shown = Object.entries(metrics).map(([name, value]) => `${name} ${value ?? "not finite"}`);
  return `after round ${round}: ${shown.join(", ")}`;
}
