/** The one strict schema of a run: parsed, cross-checked, resolved, frozen and hashed once, then stored with the run. */
import { z } from "zod";
import { adapterInits } from "../adapter/kind.ts";
import type { AdapterInit, AdapterKind } from "../adapter/kind.ts";
import { plainMean } from "../combiner.ts";
import type { Combiner } from "../combiner.ts";
import { codecNames } from "../adapter/codec.ts";
import type { Digest } from "../ids.ts";
import { idPattern } from "../ids.ts";
import type { HeadPolicy, Method } from "../method.ts";
import type { Hash } from "../ports.ts";
import { aboutSchema } from "./about.ts";
import { deepFreeze, hashOfJson } from "./canonical.ts";
import { combinerSchema } from "./combiner.ts";
import type { ChosenCombiner } from "./combiner.ts";
import { isFedtuneError } from "../errors.ts";
import { contradictions } from "./cross-check.ts";
import { evaluationSchema, resolveEvaluation } from "./evaluation.ts";
import type { EvaluationSettings } from "./evaluation.ts";
import { firewallSchema } from "./firewall.ts";
import { checkInput, inputError, parseInput } from "./issues.ts";
import type { InputIssue } from "./issues.ts";
import { byName, chosenFrom, schemaByName } from "./named.ts";
import { withoutPrivacy } from "./privacy.ts";
import type { PrivacyRules, RunPrivacy } from "./privacy.ts";
import { roundsSchema } from "./rounds.ts";
import { taskSchema, trainingSchema } from "./training.ts";

/** What a run config may name: passed in by server, simulation and command line. */
export interface Registries {
  readonly methods: readonly Method[];
  readonly kinds: readonly AdapterKind[];
  /** Absent: the plain mean only. */
  readonly combiners?: readonly Combiner[];
  /** Absent: runs without privacy only. */
  readonly privacy?: PrivacyRules;
}

/** Which adapter is put where. */
function adapterSchema(kinds: readonly AdapterKind[]) {
  return z.strictObject({
    kind: z
      .enum(kinds.map((kind) => kind.name))
      .default("lora")
      .describe("what is put beside a module"),
    rank: z.int().positive().max(4096).default(8).describe("inner width of the factors"),
    clientRanks: z
      .array(z.int().positive().max(4096))
      .min(1)
      .max(10_000)
      .nullable()
      .default(null)
      .describe(
        "rank of each client, by participantIndex and then over again; null: all have `rank`",
      ),
    loraAlpha: z
      .number()
      .positive()
      .max(1e6)
      .default(16)
      .describe("scaling; LoRA's is loraAlpha / rank"),
    targetModules: z
      .array(z.string().min(1))
      .min(1)
      .default(["query", "value"])
      .describe("PEFT's suffix names"),
    init: z
      .enum(adapterInits)
      .nullable()
      .default(null)
      .describe("how first values are drawn; null: the kind's default"),
  });
}

/** Builds the schema of a run config over the given registries; input side is what people write. */
export function runConfigSchema(registries: Registries) {
  return z.strictObject({
    name: z
      .string()
      .regex(idPattern, "letters, digits, - and _, at most 64")
      .default("run")
      .describe("of the run, at its coordinator and its clients"),
    seed: z.int().min(0).max(0xffffffff).default(42).describe("of everything random"),
    model: z
      .string()
      .min(1)
      .default("fedtune-mini")
      .describe("a built-in base model or a checkpoint folder"),
    task: taskSchema,
    adapter: adapterSchema(registries.kinds).prefault({}),
    head: z
      .enum(["freeze", "share", "personal"])
      .nullable()
      .default(null)
      .describe("what happens to the task's head; null: the method's default"),
    method: schemaByName(registries.methods, "method").prefault({
      name: registries.methods[0]?.name ?? "",
    } as never),
    combiner: combinerSchema(combinersOf(registries)),
    firewall: firewallSchema.prefault({}),
    training: trainingSchema.prefault({}),
    rounds: roundsSchema.prefault({}),
    update: z
      .strictObject({
        codec: z.enum(codecNames).default("f32").describe("how updates are encoded"),
      })
      .prefault({}),
    evaluation: evaluationSchema.prefault({}),
    participants: z
      .array(z.string().regex(idPattern))
      .nullable()
      .default(null)
      .describe("names in order of participantIndex; null: open enrolment in order of arrival"),
    privacy: (registries.privacy ?? withoutPrivacy).schema,
    about: aboutSchema.optional().describe("what people are told of the run"),
  });
}

/** A run config as its owner resolved it. */
export type RunConfig = Omit<ParsedConfig, "head" | "adapter" | "evaluation" | "privacy"> & {
  readonly head: HeadPolicy;
  readonly evaluation: EvaluationSettings;
  readonly privacy: RunPrivacy;
  readonly adapter: Omit<ParsedConfig["adapter"], "init"> & { readonly init: AdapterInit };
};
type ParsedConfig = z.output<ReturnType<typeof runConfigSchema>>;

/** A resolved config with its registry values and hash; deeply frozen. */
export interface ResolvedRun {
  readonly config: RunConfig;
  readonly hash: Digest;
  readonly method: Method;
  /** The method's own options, parsed. */
  readonly methodConfig: unknown;
  readonly kind: AdapterKind;
  /** What the updates pass before the method sees them. */
  readonly combiner: ChosenCombiner;
}

/**
 * Parses and resolves a run config.
 *
 * @throws FedtuneError `config-invalid` for unknown keys, types and ranges; `config-conflict` for settings that contradict
 */
export function resolveRun(input: unknown, registries: Registries, hash: Hash): ResolvedRun {
  const what = "the run config";
  const parsed = parseInput(runConfigSchema(registries), input, { what });
  const { config, issues } = heldTogether(parsed, registries);
  if (issues.length > 0) throw inputError(issues, { what, code: "config-conflict" });
  return completed(config, registries, hash);
}

/** What a config comes to, whatever is wrong with it. */
export interface InspectedRun {
  /** Everything at once; empty: it resolves. */
  readonly issues: readonly InputIssue[];
  /** Parsed, perhaps contradictory, its noise perhaps still to be found; null when it cannot be parsed. */
  readonly config: RunConfig | null;
  /** Null when anything is wrong. */
  readonly resolved: ResolvedRun | null;
}

/** As {@link resolveRun}, but tells what is wrong instead of throwing it. */
export function inspectRun(input: unknown, registries: Registries, hash: Hash): InspectedRun {
  const { value: parsed, issues: faults } = checkInput(runConfigSchema(registries), input);
  if (parsed === null) return { issues: faults, config: null, resolved: null };
  const { config, issues } = heldTogether(parsed, registries);
  if (issues.length > 0) return { issues, config, resolved: null };
  try {
    return { issues, config, resolved: completed(config, registries, hash) };
  } catch (error) {
    if (!isFedtuneError(error, "config-conflict")) throw error;
    // No noise keeps the target.
    const field = "privacy.targetEpsilon";
    const value: unknown = Reflect.get(config.privacy, "targetEpsilon");
    return { issues: [{ field, value, wanted: error.message }], config, resolved: null };
  }
}

/** Fills in what other settings decide, and holds all of them against each other. */
function heldTogether(
  parsed: ParsedConfig,
  registries: Registries,
): { readonly config: RunConfig; readonly issues: readonly InputIssue[] } {
  const { value: method } = chosenFrom(registries.methods, parsed.method);
  const kind = byName(registries.kinds, parsed.adapter.kind);
  const adapter = { ...parsed.adapter, init: parsed.adapter.init ?? kind.inits[0] };
  const head = parsed.head ?? method.defaultHead;
  const evaluation = resolveEvaluation(parsed.evaluation, method, head);
  const config: RunConfig = { ...parsed, adapter, head, evaluation };
  const privacy = registries.privacy ?? withoutPrivacy;
  const combiner = chosenFrom(combinersOf(registries), parsed.combiner);
  return { config, issues: contradictions(config, { method, kind, privacy, combiner }) };
}

function completed(config: RunConfig, registries: Registries, hash: Hash): ResolvedRun {
  const { resolve } = registries.privacy ?? withoutPrivacy;
  const whole: RunConfig = { ...config, privacy: resolve(config) };
  return resolvedRun(whole, hashOfJson(whole, hash), registries);
}

/**
 * The registry values that an already resolved config names; nothing is parsed, checked or filled in again.
 *
 * @throws RangeError when a registry lacks one of them
 */
export function resolvedRun(
  config: RunConfig,
  hash: Digest,
  registries: Omit<Registries, "privacy">,
): ResolvedRun {
  const { value: method, options } = chosenFrom(registries.methods, config.method);
  const combiner = chosenFrom(combinersOf(registries), config.combiner);
  return {
    config: deepFreeze(config),
    hash,
    method,
    methodConfig: deepFreeze(options),
    kind: byName(registries.kinds, config.adapter.kind),
    combiner: { ...combiner, options: deepFreeze(combiner.options) },
  };
}

function combinersOf({ combiners }: Pick<Registries, "combiners">): readonly Combiner[] {
  return combiners ?? [plainMean];
}
