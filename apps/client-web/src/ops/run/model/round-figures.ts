/** One row per round, the same for live runs and simulations: what tables, curves and files are made from. */
import type { Evaluation, Refusal, Round } from "./api-types.ts";

/** Named numbers; null: not a finite one. */
export type NamedNumbers = Readonly<Record<string, number | null>>;

/** How far a broadcast is from the mean of the clients' products. */
export type AggregationError = Round["aggregationError"];

/** A round in numbers; null: hidden, not measured, or not known. */
export interface RoundFigures {
  /** Round 0 is the first adapter; it has an evaluation alone. */
  readonly round: number;
  /** The attempt that closed it. */
  readonly attempt: number | null;
  readonly sampled: number | null;
  readonly accepted: number | null;
  /** Refusals by code, updates that came late included. */
  readonly refusals: Readonly<Partial<Record<string, number>>> | null;
  readonly declined: number | null;
  readonly gone: number | null;
  /** Clients' training metrics, merged by weight. */
  readonly training: NamedNumbers | null;
  readonly evaluation: NamedNumbers | null;
  readonly method: NamedNumbers;
  readonly aggregationError: AggregationError | null;
  /** Adapter bytes of all clients together, the evaluation's included. */
  readonly bytesUp: number | null;
  readonly bytesDown: number | null;
  readonly seconds: number | null;
  /** Spent after it by a unit that took part in every round. */
  readonly epsilon: number | null;
  /** SHA-256 of the adapter after it. */
  readonly adapter: string | null;
}

/** What a live run's rows are made from. */
export interface RoundSources {
  readonly rounds: readonly Round[];
  readonly evaluations: readonly Evaluation[];
  /** Epsilon after a round; null: nothing is promised, or it is not known. */
  readonly epsilonAfter: (round: number) => number | null;
}

const zero = {
  attempt: null,
  sampled: null,
  accepted: null,
  refusals: null,
  declined: null,
  gone: null,
};

function firstRow(evaluation: Evaluation): RoundFigures {
  return {
    ...{ round: 0, ...zero, training: null, evaluation: evaluation.metrics, method: {} },
    ...{ aggregationError: null, seconds: null, epsilon: 0, adapter: null },
    bytesUp: evaluation.traffic?.bytesUp ?? null,
    bytesDown: evaluation.traffic?.bytesDown ?? null,
  };
}

function row(
  round: Round,
  evaluation: Evaluation | undefined,
  epsilon: number | null,
): RoundFigures {
  const { traffic, adapters } = round;
  const asked = evaluation?.traffic ?? null;
  return {
    round: round.round,
    attempt: round.attempt,
    sampled: round.sampled ?? null,
    accepted: round.accepted?.length ?? null,
    refusals: round.refusals ?? null,
    declined: round.declined ?? null,
    gone: round.gone ?? null,
    training: round.training ?? null,
    evaluation: evaluation?.metrics ?? null,
    method: round.method,
    aggregationError: round.aggregationError,
    bytesUp: traffic === undefined ? null : traffic.bytesUp + (asked?.bytesUp ?? 0),
    bytesDown: traffic === undefined ? null : traffic.bytesDown + (asked?.bytesDown ?? 0),
    seconds: round.seconds ?? null,
    epsilon,
    adapter: adapters[0]?.hash ?? null,
  };
}

interface Made {
  readonly evaluation: Evaluation | undefined;
  readonly epsilon: number | null;
  readonly figures: RoundFigures;
}

/** A live run makes its rows anew with every round: of ten thousand all but one are as they were. */
const made = new WeakMap<Round, Made>();

function rowOnce(
  round: Round,
  evaluation: Evaluation | undefined,
  epsilon: number | null,
): RoundFigures {
  const known = made.get(round);
  if (known?.evaluation === evaluation && known?.epsilon === epsilon) return known.figures;
  const figures = row(round, evaluation, epsilon);
  made.set(round, { evaluation, epsilon, figures });
  return figures;
}

/** Rows in order of rounds; a round that is told twice counts as it was told last. */
export function roundFigures({
  rounds,
  evaluations,
  epsilonAfter,
}: RoundSources): readonly RoundFigures[] {
  const evaluated = new Map(evaluations.map((evaluation) => [evaluation.round, evaluation]));
  const last = new Map(rounds.map((round) => [round.round, round]));
  const rows = [...last.values()]
    .sort((a, b) => a.round - b.round)
    .map((round) => rowOnce(round, evaluated.get(round.round), epsilonAfter(round.round)));
  const first = evaluated.get(0);
  return first === undefined ? rows : [firstRow(first), ...rows];
}

/** Late updates by round: participants whose update came after the close, each once. */
export function lateByRound(refusals: readonly Refusal[]): ReadonlyMap<number, number> {
  const late = new Map<number, Set<number>>();
  for (const { code, round, index } of refusals) {
    if (code !== "late-update") continue;
    const known = late.get(round) ?? new Set();
    late.set(round, known.add(index));
  }
  return new Map([...late].map(([round, indices]) => [round, indices.size]));
}

/** Fields of {@link RoundFigures} that are plain numbers. */
export type PlainFigure = "bytesUp" | "bytesDown" | "seconds" | "epsilon" | "accepted";

/** Sums up to and with each row; a hidden number ends the sum. */
export function runningSums(
  rows: readonly RoundFigures[],
  field: PlainFigure,
): readonly (number | null)[] {
  let sum: number | null = 0;
  return rows.map((row) => {
    const value: number | null = row.round === 0 ? (row[field] ?? 0) : row[field];
    sum = sum === null || value === null ? null : sum + value;
    return sum;
  });
}
