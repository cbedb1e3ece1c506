/** What a running coordinator tells the person at the terminal: who comes and goes, and what every round did. */
import type {
  CoordinatorListener,
  EvaluationRow,
  ResolvedRun,
  RoundEvent,
  RoundRow,
  RoundState,
  RunConfig,
} from "@fedtune/core";
import { reportRow } from "@fedtune/simulation";
import type { Io } from "../io.ts";
import { evaluationLabel } from "./evaluation-label.ts";
import { bytesText, decimal, percent } from "./report-text.ts";

/** What is reported, and how. */
export interface LiveReportOptions {
  readonly resolved: ResolvedRun;
  /** Whether the coordinator has test data. */
  readonly evaluates: boolean;
  /** Whether the simulated clients share their personal factors. */
  readonly sharePersonal?: boolean;
  /** A participant's name. */
  readonly nameOf: (index: number) => string;
  /** Whether people are at the other end: a simulation has no coming and going, and its clock is virtual. */
  readonly live: boolean;
}

/** A listener with a bar; stop it when the run is over. */
export interface LiveReport {
  readonly listener: CoordinatorListener;
  readonly stop: () => void;
}

/** Most missing clients that are named behind the bar. */
const NAMED = 3;

/** Starts a report on standard error, and events on standard output where that is JSON. */
export function liveReport(options: LiveReportOptions, io: Io): LiveReport {
  const { resolved, live, nameOf } = options;
  const { config } = resolved;
  const label = evaluationLabel(resolved, options.sharePersonal);
  // A round's line waits for its evaluation.
  const evaluates = options.evaluates || config.evaluation.where === "federated";
  const { numRounds } = config.rounds;
  const bar = io.progress("rounds", numRounds, { terminalOnly: true });
  const presence = live ? presenceNotes(nameOf, io) : () => undefined;
  let finished = 0;
  let pending: RoundRow | null = null;
  const tell = (evaluation?: EvaluationRow): void => {
    if (pending !== null) io.note(roundLine({ row: pending, evaluation, numRounds, live, label }));
    pending = null;
  };
  const stop = (): void => {
    tell();
    bar.stop();
  };
  const listener: CoordinatorListener = {
    stateChanged(state, event) {
      presence(state, event);
      bar.update(finished, phaseText(state, config, nameOf));
    },
    roundCommitted(row) {
      tell();
      pending = row;
      finished = row.round;
      io.event({ event: "round", ...reportRow(row, undefined, config) });
      if (!evaluates || !isEvaluated(row.round, config)) tell();
    },
    evaluated(row) {
      io.event({ event: "evaluation", ...row });
      if (row.round === 0) io.note(`Before training: ${scores(row, label)}`);
      tell(row);
    },
    refused({ client, code, message, round }) {
      io.note(`${client}${round === null ? "" : ` in round ${round}`}: ${message} (${code})`);
    },
    attemptAbandoned: ({ round, attempt, code }) =>
      io.note(
        `Round ${round}: attempt ${attempt} of ${config.rounds.maxAttempts} failed (${code})`,
      ),
  };
  return { listener, stop };
}

/** Lines about coming and going, and about who is waited for no longer. */
function presenceNotes(nameOf: (index: number) => string, io: Io) {
  const present = new Set<number>();
  let gone = new Set<number>();
  return (state: RoundState, event: RoundEvent): void => {
    if (["completed", "failed", "stopped"].includes(state.phase)) return;
    if (event.type === "joined" && !present.has(event.index)) {
      present.add(event.index);
      io.note(`${nameOf(event.index)} joined (${present.size} here)`);
    }
    if (event.type === "left" && present.delete(event.index)) {
      io.note(`${nameOf(event.index)} ${event.forGood ? "left" : "lost its connection"}`);
    }
    const before = gone;
    gone = new Set(state.cohort.flatMap(({ index, status }) => (status === "gone" ? [index] : [])));
    for (const index of gone) {
      if (!before.has(index)) io.note(`Round ${state.round} goes on without ${nameOf(index)}`);
    }
  };
}

function isEvaluated(round: number, { evaluation, rounds }: RunConfig): boolean {
  const { everyRounds } = evaluation;
  return everyRounds > 0 && (round === rounds.numRounds || round % everyRounds === 0);
}

/** What stands behind the bar. */
function phaseText(
  state: RoundState,
  { rounds }: RunConfig,
  nameOf: (index: number) => string,
): string {
  switch (state.phase) {
    case "waiting":
      return `waiting for clients: ${state.presentCount} of ${rounds.minAvailableClients}`;
    case "collecting": {
      const { accepted } = state.counts;
      const missing = state.cohort.filter(
        ({ status }) => status === "ordered" || status === "training",
      );
      const names = missing.map(({ index }) => nameOf(index)).join(", ");
      const named = missing.length > 0 && missing.length <= NAMED ? `; waiting for ${names}` : "";
      return `round ${state.round}: ${accepted} of ${state.cohort.length} updates${named}`;
    }
    case "aggregating":
    case "committing":
      return `round ${state.round}: combining`;
    case "evaluating":
      return "evaluating";
    default:
      return "";
  }
}

interface RoundLine {
  readonly row: RoundRow;
  readonly evaluation: EvaluationRow | undefined;
  readonly numRounds: number;
  readonly live: boolean;
  readonly label: string;
}

function roundLine({ row, evaluation, numRounds, live, label }: RoundLine): string {
  const { bytesUp, bytesDown } = row.traffic;
  return [
    `Round ${row.round}/${numRounds}: ${row.accepted.length}/${row.sampled} clients`,
    // A private run does not tell.
    ...(row.training["loss"] === undefined ? [] : [`train loss ${decimal(row.training["loss"])}`]),
    ...(evaluation === undefined ? [] : [scores(evaluation, label)]),
    `${bytesText(bytesUp)} up, ${bytesText(bytesDown)} down`,
    ...(live ? [`${row.seconds.toFixed(1)} s`] : []),
  ].join(", ");
}

function scores({ metrics }: EvaluationRow, label: string): string {
  const { accuracy, accuracyWorst, clients, loss, tokenAccuracy } = metrics;
  if (accuracy === undefined && tokenAccuracy !== undefined)
    return `${label} token accuracy ${percent(tokenAccuracy)}, loss ${decimal(loss)}`.trimStart();
  const spread =
    accuracyWorst === undefined ? "" : ` (worst of ${String(clients)}: ${percent(accuracyWorst)})`;
  return `${label} accuracy ${percent(accuracy)}${spread}, loss ${decimal(loss)}`.trimStart();
}
