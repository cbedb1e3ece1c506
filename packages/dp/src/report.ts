/** The guarantee of a run, stated in full: without these fields an epsilon means nothing. */
import type { NeighbouringRelation, PrivacyEvent, PrivacyUnit } from "./events.ts";
import type { EpsilonOf } from "./ledger/spending.ts";
import type { Keystream } from "./noise/keystream.ts";
import type { PrivacySettings, RecordLevelPrivacy, UserLevelPrivacy } from "./privacy-settings.ts";

/** How units get into a step. */
export type ReportedSampling =
  | { readonly kind: "poisson"; readonly samplingRate: number }
  | { readonly kind: "fixed-size"; readonly sampleSize: number; readonly populationSize: number }
  | { readonly kind: "none" };

/** What a report is made from. */
export interface ReportInput {
  readonly settings: PrivacySettings;
  readonly sampling: ReportedSampling;
  /** The keystream that the noise came from. */
  readonly keystream: Pick<Keystream, "secure">;
  /** The accountant's name, and everything one needs to repeat its arithmetic: mesh, orders. */
  readonly accountant: {
    readonly name: string;
    readonly parameters: Readonly<Record<string, string | number>>;
  };
  readonly epsilon: EpsilonOf;
  /** Charged so far, by this run. */
  readonly spent: readonly PrivacyEvent[];
  /** What will have been charged when the run is complete, `spent` included. */
  readonly planned: readonly PrivacyEvent[];
  /** Protected units in all, for the check of delta; null: not known. */
  readonly units: number | null;
}

/** A run that protects nobody. */
export interface NoGuarantee {
  readonly mode: "none";
}

/** A run's guarantee. */
export interface Guarantee {
  readonly mode: "record-level" | "user-level";
  readonly unit: PrivacyUnit;
  readonly relation: NeighbouringRelation;
  readonly sampling: ReportedSampling;
  readonly noiseBy: "clients" | "coordinator";
  /** Who could break the guarantee by not doing what they should. */
  readonly trusted: string;
  readonly released: readonly string[];
  readonly clipNorm: number;
  /** Of the vectors and adaptive clipping's bits together; null: found from a target. */
  readonly noiseMultiplier: number | null;
  readonly delta: number;
  readonly accountant: ReportInput["accountant"];
  readonly epsilonSpent: number;
  readonly epsilonProjected: number;
  readonly noise: "secure" | "seeded";
  readonly arithmetic: "float64, rounded to a grid" | "integer grid, discrete Gaussian";
  /** What a reader must know before relying on the numbers; empty when there is nothing. */
  readonly warnings: readonly string[];
}

/** States the guarantee of a run as data. */
export function privacyReport(input: ReportInput): Guarantee | NoGuarantee {
  const { settings, sampling, accountant, spent, planned } = input;
  if (settings.mode === "none") return { mode: "none" };
  const epsilonOf: EpsilonOf = (events) => (events.length === 0 ? 0 : input.epsilon(events));
  const isLocal = settings.mode === "record-level";
  const noiseBy = isLocal ? "clients" : settings.noiseBy;
  return {
    mode: settings.mode,
    unit: isLocal ? "example" : "user",
    relation: settings.relation,
    sampling,
    noiseBy,
    trusted: trustOf(isLocal, noiseBy),
    released: releasedBy(settings),
    clipNorm: settings.clipNorm,
    noiseMultiplier: settings.noiseMultiplier,
    delta: settings.delta,
    accountant,
    epsilonSpent: epsilonOf(spent),
    epsilonProjected: epsilonOf(planned),
    noise: input.keystream.secure ? "secure" : "seeded",
    arithmetic: settings.hardened
      ? "integer grid, discrete Gaussian"
      : "float64, rounded to a grid",
    warnings: warningsOf(input, settings),
  };
}

/** The same as text, one fact per line. */
export function privacyReportText(report: Guarantee | NoGuarantee): string {
  if (report.mode === "none")
    return "Differential privacy: none. Updates may reveal training data.";
  const { accountant, epsilonSpent, epsilonProjected, delta } = report;
  const parameters = Object.entries(accountant.parameters).map(
    ([name, value]) => `${name} ${value}`,
  );
  const lines = [
    `Differential privacy: ${report.mode}, epsilon ${shown(epsilonSpent)} spent, ${shown(epsilonProjected)} when the run is complete, at delta ${delta}`,
    `  protected unit: one ${report.unit}, neighbours by ${report.relation}`,
    `  sampling: ${samplingText(report.sampling)}`,
    `  noise: ${noiseText(report)}`,
    `  trusted: ${report.trusted}`,
    `  released: ${report.released.join(", ")}`,
    `  accountant: ${[accountant.name, ...parameters].join(", ")}`,
    ...report.warnings.map((warning) => `  warning: ${warning}`),
  ];
  return lines.join("\n");
}

function trustOf(isLocal: boolean, noiseBy: Guarantee["noiseBy"]): string {
  if (isLocal) return "nobody but the data holder's own device";
  return noiseBy === "coordinator"
    ? "the coordinator, which sees every update before noise is added"
    : "enough clients to add their share of the noise, and whoever adds up the updates";
}

function releasedBy({ mode, metrics }: RecordLevelPrivacy | UserLevelPrivacy): readonly string[] {
  return [
    ...(mode === "record-level" ? ["every update, to the coordinator"] : []),
    "every intermediate global model",
    ...(metrics === "release" ? ["metrics"] : []),
  ];
}

function warningsOf(
  { keystream, sampling, units }: ReportInput,
  settings: RecordLevelPrivacy | UserLevelPrivacy,
): readonly string[] {
  const { delta, metrics, mode } = settings;
  return [
    ...(keystream.secure ? [] : ["the noise came from a seed: whoever knows it removes the noise"]),
    ...(mode === "user-level" && sampling.kind === "poisson"
      ? ["sampling counts only while nobody but the coordinator knows who took part in a round"]
      : []),
    ...(metrics === "release" ? ["metrics are released as they are; no epsilon covers them"] : []),
    ...(units !== null && delta * units >= 1
      ? [
          `delta ${delta} is not below 1 / ${units} units: it allows one unit's data to be published`,
        ]
      : []),
  ];
}

function samplingText(sampling: ReportedSampling): string {
  switch (sampling.kind) {
    case "poisson":
      return `Poisson, each unit enters a step with probability ${sampling.samplingRate}`;
    case "fixed-size":
      return `exactly ${sampling.sampleSize} of ${sampling.populationSize} units per step, without replacement`;
    case "none":
      return "none, every unit may enter every step";
  }
}

function noiseText(report: Guarantee): string {
  const amount =
    report.noiseMultiplier === null
      ? "found for the target epsilon"
      : `multiplier ${report.noiseMultiplier}`;
  return `${amount}, clip norm ${report.clipNorm}, added by the ${report.noiseBy}, ${report.noise} generator, ${report.arithmetic}`;
}

/** Four significant digits, rounded up: a guarantee is never printed better than it is. */
function shown(epsilon: number): string {
  if (!Number.isFinite(epsilon)) return "unbounded";
  if (epsilon <= 0) return "0";
  const scale = 10 ** (3 - Math.floor(Math.log10(epsilon)));
  // A value that has four digits already may lie a rounding error above them.
  return String(Number((Math.ceil(epsilon * scale - 1e-9) / scale).toPrecision(4)));
}
