/** What is wrong with a config, and what its run would cost: everything that takes a while, for a thread. */
import type { OutputOf } from "@fedtune/api";
import {
  inspectRun,
  layoutHash,
  modulesHash,
  resolvedRun,
  rngFromSeed,
  runId,
  selectRoles,
  setupFromPlain,
  vectorBlobBytes,
} from "@fedtune/core";
import type {
  AdapterShape,
  FactorRole,
  Hash,
  InputIssue,
  Layout,
  Registries,
  ResolvedRun,
  RunConfig,
  RunSetup,
} from "@fedtune/core";
import { privacyForecast } from "@fedtune/dp";
import type { PrivacyForecast } from "@fedtune/dp";
import { cohortOf, roundTraffic } from "./invitation-traffic.ts";

/** What the API tells of a config. */
export type Estimate = OutputOf<"estimateRun">;
type Cost = NonNullable<Estimate["cost"]>;

/** A base model as far as it decides what a run costs; plain data. */
export interface ModelShapes {
  /** Of the run's own adapter, the largest rank. */
  readonly adapter: AdapterShape;
  /** Of LoRA with the same rank and modules. */
  readonly dense: AdapterShape;
  /** Of its weights. */
  readonly bytes: number;
  /** Longest sequence that it takes. */
  readonly maxTokens: number;
}

/** A config that somebody wrote, and what its base model is like. */
export interface EstimateTask {
  readonly document: unknown;
  /** Null: it cannot be told, see `problem`. */
  readonly model: ModelShapes | null;
  /** Why there are no shapes; null: they are there, or the config does not say which. */
  readonly problem: InputIssue | null;
}

/** Finds it out here and now: seconds where noise has to be found for a target. */
export function estimated(
  { document, model, problem }: EstimateTask,
  registries: Registries,
  hash: Hash,
): Estimate {
  const { issues, config, resolved } = inspectRun(document, registries, hash);
  const forecast = config === null ? null : privacyForecast(config);
  const all = [...issues, ...(problem === null ? [] : [problem])];
  const run = resolved ?? (config === null ? null : unresolved(config, issues, registries));
  const isWhole = resolved !== null && problem === null;
  return {
    problems: all.map((issue) => problemOf(withNoise(issue, forecast))),
    config: isWhole ? { ...resolved.config } : null,
    cost:
      run === null || model === null ? null : costOf({ run, model, forecast, registries, hash }),
  };
}

/** Sections whose contradictions leave what travels as it is. */
const harmless = /^(privacy|rounds|evaluation|firewall|participants)\b/;

/** A run that would be refused, for its cost; null where it could not be played at all. */
function unresolved(
  config: RunConfig,
  issues: readonly InputIssue[],
  registries: Registries,
): ResolvedRun | null {
  if (!issues.every(({ field }) => harmless.test(field))) return null;
  return resolvedRun(config, ZERO, registries);
}

const ZERO = "0".repeat(64) as ResolvedRun["hash"];

/** A budget that the noise does not keep is kept by more noise. */
function withNoise(issue: InputIssue, forecast: PrivacyForecast | null): InputIssue {
  const least = forecast?.leastNoiseMultiplier ?? null;
  if (issue.field !== "privacy.budget.epsilon" || least === null) return issue;
  return { ...issue, fix: { field: "privacy.noiseMultiplier", value: least } };
}

function problemOf({ field, value = null, wanted, fix }: InputIssue): Estimate["problems"][number] {
  const path = field === "(top)" ? "" : field;
  const message = `${field} = ${shown(value)}, wanted ${wanted}`;
  if (fix === undefined) return { path, message, value, wanted, fix: null };
  const { value: given = null, field: at = field, removes = null } = fix;
  const label = removes === null ? `Set ${shown(given)}` : `Rename to ${lastOf(at)}`;
  return { path, message, value, wanted, fix: { label, path: at, value: given, removes } };
}

function shown(value: unknown): string {
  if (typeof value === "string") return value.slice(0, 80);
  return (value === null ? "nothing" : JSON.stringify(value)).slice(0, 80);
}

function lastOf(path: string): string {
  return path.split(".").at(-1) ?? path;
}

interface Costing {
  readonly run: ResolvedRun;
  readonly model: ModelShapes;
  readonly forecast: PrivacyForecast | null;
  readonly registries: Registries;
  readonly hash: Hash;
}

function costOf(costing: Costing): Cost {
  const { run, model, forecast } = costing;
  const { config } = run;
  const setup = noisySetup(costing);
  const rounds = roundTraffic(setup);
  const { numRounds, overSelection } = config.rounds;
  const cohort = Math.ceil(cohortOf(config) * overSelection);
  const perRound = {
    up: mean(rounds.map(({ up }) => up.bytes)),
    down: mean(rounds.map(({ down }) => down.bytes)),
  };
  const times = (count: number) => ({ up: perRound.up * count, down: perRound.down * count });
  const dense = vectorBlobBytes("f32", sizeOf(model.dense.layout, averagedRoles(config)));
  const trained = sizeOf(model.adapter.layout, trainedRoles(setup));
  const uploaded = Math.max(...rounds.map(({ up }) => up.values));
  return {
    ...{ rounds: numRounds, cohort },
    numbers: {
      ...{ adapter: model.adapter.layout.size, trained, uploaded },
      kept: Math.max(...rounds.map(({ stays }) => stays)),
    },
    bytes: {
      ...{ perRound, perClient: times(numRounds), perRun: times(numRounds * cohort) },
      snapshot: rounds.at(-1)?.snapshot.bytes ?? 0,
      dense: { up: dense, down: dense },
    },
    adapterBytes: 4 * model.adapter.layout.size,
    memory: {
      client: clientMemory(config, model, trained),
      coordinator: coordinatorMemory(run, { cohort, uploaded, size: model.adapter.layout.size }),
    },
    epsilon:
      forecast === null
        ? null
        : { ...forecast, curve: forecast.curve.map(([round, spent]) => [round, spent]) },
  };
}

function mean(values: readonly number[]): number {
  return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}

function sizeOf(layout: Layout, roles: readonly FactorRole[]): number {
  return selectRoles(layout, roles).size;
}

/** What plain averaging of a LoRA sends. */
function averagedRoles({ head }: RunConfig): readonly FactorRole[] {
  return head === "freeze" ? ["down", "up"] : ["down", "up", "head"];
}

function trainedRoles({
  resolved: { method },
  initialState,
  tiers,
}: RunSetup): readonly FactorRole[] {
  return method.plan(initialState, 1, { index: 0, rank: tiers[0].rank, holds: null }).train;
}

/** A run that is ready to be played. What travels does not depend on first values: noise stands for them, so that no base weight is read. */
function noisySetup({ run, model, registries, hash }: Costing): RunSetup {
  const { config, hash: configHash, kind } = run;
  const { layout, modules } = model.adapter;
  const rng = rngFromSeed(config.seed);
  const initial = new Float32Array(layout.size).map(() => rng.uniform() - 0.5);
  const digest = layoutHash(layout, hash);
  const scaling = kind.scaling(config.adapter);
  const { rank } = config.adapter;
  const tier = { rank, layout, scaling, initial, layoutHash: digest, initialHash: digest };
  const names = { id: runId("estimate"), config, configHash };
  const own = { modules, modulesHash: modulesHash(modules, hash) };
  return setupFromPlain({ ...names, ...own, tiers: [tier] }, registries);
}

/** Bytes of a float32, and of one with its gradient and two moments of an optimiser. */
const [VALUE, TRAINED_VALUE] = [4, 16];

/** Base weights, what is trained with its optimiser, and inputs and outputs of the adapted layers for one batch, twice. */
function clientMemory({ training }: RunConfig, model: ModelShapes, trained: number): number {
  const { microBatchSize, batchSize, maxLength } = training;
  const tokens = (microBatchSize ?? batchSize) * Math.min(maxLength, model.maxTokens);
  const widths = model.adapter.modules.reduce((sum, module) => sum + module.in + module.out, 0);
  return model.bytes + TRAINED_VALUE * trained + 2 * VALUE * tokens * widths;
}

/** The model's state and its sums in float64, and the updates that a method has to hold. */
function coordinatorMemory(
  { method }: ResolvedRun,
  { cohort, uploaded, size }: Readonly<Record<"cohort" | "uploaded" | "size", number>>,
): number {
  const held = method.claims.memory === "clients" ? cohort : 1;
  return 4 * VALUE * size + held * VALUE * uploaded;
}
