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
import { crossCheck } from "./cross-check.ts";
import { evaluationSchema, resolveEvaluation } from "./evaluation.ts";
import type { EvaluationSettings } from "./evaluation.ts";
import { firewallSchema } from "./firewall.ts";
import { parseInput } from "./issues.ts";
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
  const parsed = parseInput(runConfigSchema(registries), input, { what: "the run config" });
  const { value: method } = chosenFrom(registries.methods, parsed.method);
  const kind = byName(registries.kinds, parsed.adapter.kind);
  const adapter = { ...parsed.adapter, init: parsed.adapter.init ?? kind.inits[0] };
  const head = parsed.head ?? method.defaultHead;
  const evaluation = resolveEvaluation(parsed.evaluation, method, head);
  const open: RunConfig = { ...parsed, adapter, head, evaluation };
  const privacy = registries.privacy ?? withoutPrivacy;
  const { value: combiner, options } = chosenFrom(combinersOf(registries), parsed.combiner);
  crossCheck(open, { method, kind, privacy, combiner: { value: combiner, options } });
  const config: RunConfig = { ...open, privacy: privacy.resolve(open) };
  return resolvedRun(config, hashOfJson(config, hash), registries);
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
