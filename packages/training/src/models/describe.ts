/** What a run needs to know of a model before any weight is loaded: modules, targets, head and the adapter's layout. */
import { FedtuneError, adapterKind, adapterLayout, nearest } from "@fedtune/core";
import type { AdapterSettings, FactorSpec, Layout, LinearModule } from "@fedtune/core";
import type { HeadLayer, ModelConfig } from "./family.ts";
import { maxTokens } from "./family.ts";
import { allModules } from "./parts.ts";
import { familyOf } from "./registry.ts";

/** Adapter and task of a run, as far as they decide shapes. */
export interface AdapterChoice extends AdapterSettings {
  /** Name of a registered adapter kind. */
  readonly kind: string;
  /** PEFT's suffix names, full paths, or `all-linear`. */
  readonly targetModules: readonly string[];
  /** Ordered labels of the task; none for a language model. */
  readonly labels: readonly string[];
}

/** A model with an adapter on it, without weights. */
export interface ModelDescription {
  /** Target modules' factors in model order, then the head's. */
  readonly layout: Layout;
  /** The adapted modules, in model order. */
  readonly modules: readonly LinearModule[];
  readonly head: readonly HeadLayer[];
  /** Number that multiplies the product of a module's factors. */
  readonly scaling: number;
  /** What HuggingFace and PEFT put before the modules' paths, for example `bert.`; head paths have no prefix. */
  readonly prefix: string;
  /** Longest sequence of the model, special tokens included. */
  readonly maxTokens: number;
  /** PEFT's name of the task; null: it has none for images. */
  readonly taskType: "SEQ_CLS" | "CAUSAL_LM" | null;
  /** Whether checkpoints hold base weights as `[in, out]`, which PEFT's files tell. */
  readonly fanInFanOut: boolean;
}

/** Every linear layer that can be adapted, in model order: the layers', then BERT's pooler unless the config rules it out. */
export function linearModules(config: ModelConfig): readonly LinearModule[] {
  return allModules(config, config.pooling ?? "pooler");
}

/**
 * The modules that PEFT would adapt for these names: a name matches a whole path or its end after a dot.
 *
 * @throws FedtuneError `config-invalid` for a name that matches nothing, with the names there are
 */
export function resolveTargets(
  config: ModelConfig,
  targets: readonly string[],
): readonly LinearModule[] {
  const modules = linearModules(config);
  // PEFT writes whole paths down with what HuggingFace puts before them.
  const whole = modelPrefix(config);
  const matches = (target: string, { name }: LinearModule): boolean =>
    target === "all-linear" || `${whole}${name}` === target || `.${name}`.endsWith(`.${target}`);
  for (const target of targets) {
    if (!modules.some((module) => matches(target, module))) throw noSuchTarget(target, modules);
  }
  return modules.filter((module) => targets.some((target) => matches(target, module)));
}

function noSuchTarget(target: string, modules: readonly LinearModule[]): FedtuneError {
  const available = [
    ...new Set(modules.map(({ name }) => name.replace(/^.*\.\d+\./, "")).flatMap(suffixes)),
    "all-linear",
  ];
  const close = nearest(target, available);
  const hint = close === null ? "" : ` (did you mean "${close}"?)`;
  const message = `Cannot adapt "${target}"${hint}: no linear module of the model has this name; available: ${available.join(", ")}`;
  return new FedtuneError("config-invalid", message, { data: { target, available } });
}

function suffixes(path: string): string[] {
  const parts = path.split(".");
  return parts.map((_, index) => parts.slice(parts.length - 1 - index).join("."));
}

/** Weight `[out, in]` and, where there is one, bias `[out]` of each head layer, in order. */
function headFactors(head: readonly HeadLayer[]): readonly FactorSpec[] {
  return head.flatMap(({ module, in: inputs, out, bias }): FactorSpec[] => [
    { name: `${module}.weight`, module, role: "head", shape: [out, inputs] },
    ...(bias ? [{ name: `${module}.bias`, module, role: "head" as const, shape: [out] }] : []),
  ]);
}

/** What HuggingFace and PEFT put before the paths of a model's modules, for example `bert.`. */
export function modelPrefix(config: ModelConfig): string {
  return familyOf(config).prefix;
}

function taskTypeOf(
  { image }: ModelConfig,
  { labels }: AdapterChoice,
): ModelDescription["taskType"] {
  if (image !== null) return null;
  return labels.length === 0 ? "CAUSAL_LM" : "SEQ_CLS";
}

/**
 * Describes a model with an adapter from its configuration alone.
 *
 * @throws FedtuneError `config-invalid` when a target module is unknown
 */
export function describeModel(config: ModelConfig, choice: AdapterChoice): ModelDescription {
  const kind = adapterKind(choice.kind);
  const family = familyOf(config);
  const modules = resolveTargets(config, choice.targetModules);
  // A language model's head is frozen: it has no labels of its own.
  const head = choice.labels.length === 0 ? [] : family.head(config, choice.labels.length);
  const layout = adapterLayout(kind, choice, { modules, head: headFactors(head) });
  return {
    layout,
    modules,
    head,
    scaling: kind.scaling(choice),
    prefix: modelPrefix(config),
    maxTokens: maxTokens(config),
    taskType: taskTypeOf(config, choice),
    fanInFanOut: family.storesTransposed,
  };
}
