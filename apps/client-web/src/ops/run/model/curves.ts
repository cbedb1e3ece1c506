/** The curves of a run as plain series over its rounds. */
import type { NamedNumbers, RoundFigures } from "./round-figures.ts";
import type { RunSettings } from "./settings.ts";

/** One line: a value for each x, null for a gap. */
export interface Series {
  readonly id: string;
  readonly label: string;
  readonly values: readonly (number | null)[];
  /** Least and greatest of what spreads around it; null where there is none. */
  readonly band: {
    readonly low: readonly (number | null)[];
    readonly high: readonly (number | null)[];
  } | null;
}

/** Lines over the same rounds. */
export interface Curves {
  readonly rounds: readonly number[];
  readonly series: readonly Series[];
}

const pick =
  (rows: readonly RoundFigures[], metrics: (row: RoundFigures) => NamedNumbers | null) =>
  (name: string): readonly (number | null)[] =>
    rows.map((row) => metrics(row)?.[name] ?? null);

const hasAny = (values: readonly (number | null)[]): boolean =>
  values.some((value) => value !== null);

function line(id: string, label: string, values: readonly (number | null)[]): Series[] {
  return hasAny(values) ? [{ id, label, values, band: null }] : [];
}

type Place = RunSettings["evaluatedBy"];

/** Who was evaluated, as the line's label. */
const evaluated: Readonly<Record<Place, string>> = { federated: "Clients", central: "Central" };

/** Accuracy: of the coordinator's test data, or of the clients with their spread. Fractions. */
export function accuracyCurves(rows: readonly RoundFigures[], place: Place): Curves {
  const evaluation = pick(rows, (row) => row.evaluation);
  const mean = evaluation("accuracyMean");
  const main = hasAny(mean) ? mean : evaluation("accuracy");
  const [low, high] = [evaluation("accuracyP10"), evaluation("accuracyP90")];
  const band = hasAny(low) && hasAny(high) ? { low, high } : null;
  const clients: Series[] = hasAny(main)
    ? [{ id: "evaluation", label: evaluated[place], values: main, band }]
    : [];
  const worst = line("worst", "Worst client", evaluation("accuracyWorst"));
  const training = line("training", "Training", pick(rows, (row) => row.training)("accuracy"));
  return { rounds: rows.map(({ round }) => round), series: [...clients, ...worst, ...training] };
}

/** Loss in nats: evaluated, and of the accepted updates' training. */
export function lossCurves(rows: readonly RoundFigures[], place: Place): Curves {
  const own = line("evaluation", evaluated[place], pick(rows, (row) => row.evaluation)("loss"));
  const training = line("training", "Training", pick(rows, (row) => row.training)("loss"));
  return { rounds: rows.map(({ round }) => round), series: [...own, ...training] };
}

/** The last value of a line that is there; null: it has none. */
export function lastValue(values: readonly (number | null)[]): number | null {
  return values.findLast((value) => value !== null) ?? null;
}
