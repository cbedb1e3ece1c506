/** What a run did, round by round, as rows for tables, files and figures. */
import type { AggregationErrorRow, EvaluationRow, RoundRow, RunHistory } from "@fedtune/core";
import { epsilonAfter } from "@fedtune/dp";
import type { PrivateRun } from "@fedtune/dp";

/** One line of a run's report. Round 0 is the initial adapter and has only an evaluation. */
export interface ReportRow {
  readonly round: number;
  /** Evaluation after the round, central or merged over clients (then with `clients`); null when there was none. */
  readonly evaluation: Readonly<Record<string, number>> | null;
  /** Clients' training metrics, merged by weight; null for round 0. */
  readonly training: Readonly<Record<string, number>> | null;
  /** What the method says of its aggregation; empty for round 0. */
  readonly method: Readonly<Record<string, number>>;
  /** Distance of the broadcast from the mean of the clients' products; null for round 0. */
  readonly aggregationError: AggregationErrorRow | null;
  readonly sampled: number;
  readonly accepted: number;
  readonly refusals: RoundRow["refusals"];
  readonly declined: number;
  readonly gone: number;
  /** Adapter blobs, in bytes, over all clients. */
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Control messages, in bytes, over all clients. */
  readonly controlBytesUp: number;
  readonly controlBytesDown: number;
  /** What the evaluation after the round sent, where clients evaluate; null otherwise. */
  readonly evaluationTraffic: EvaluationRow["traffic"];
  /** On the coordinator's clock; virtual in a simulation. */
  readonly seconds: number;
  /** What a unit that took part in every round so far has spent; null in a run without privacy. */
  readonly epsilon: number | null;
}

/** The rows of a run in order of rounds. */
export function reportRows(
  { rounds, evaluations }: Pick<RunHistory, "rounds" | "evaluations">,
  config: PrivateRun,
): ReportRow[] {
  const byRound = new Map(evaluations.map((row) => [row.round, row]));
  const first = byRound.get(0);
  const rows = rounds.map((row) => reportRow(row, byRound.get(row.round), config));
  return first === undefined ? rows : [initialRow(first, config), ...rows];
}

/** The row of one finished round. */
export function reportRow(
  row: RoundRow,
  evaluation: EvaluationRow | undefined,
  config: PrivateRun,
): ReportRow {
  const { round, training, method, aggregationError } = row;
  const { sampled, refusals, declined, gone, seconds } = row;
  const accepted = row.accepted.length;
  const shared = {
    round,
    training,
    method,
    aggregationError,
    sampled,
    accepted,
    refusals,
    declined,
    gone,
    seconds,
    ...row.traffic,
    epsilon: epsilonAfter(config, round),
  };
  const { metrics = null, traffic = null } = evaluation ?? {};
  return { ...shared, evaluation: metrics, evaluationTraffic: traffic };
}

function initialRow(row: EvaluationRow, config: PrivateRun): ReportRow {
  const { metrics: evaluation, traffic: evaluationTraffic } = row;
  const traffic = { bytesUp: 0, bytesDown: 0, controlBytesUp: 0, controlBytesDown: 0 };
  const counts = { sampled: 0, accepted: 0, refusals: {}, declined: 0, gone: 0, seconds: 0 };
  const epsilon = epsilonAfter(config, 0);
  const nothing = { training: null, method: {}, aggregationError: null, epsilon };
  return { round: 0, evaluation, evaluationTraffic, ...nothing, ...counts, ...traffic };
}
