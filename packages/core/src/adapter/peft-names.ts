/** How PEFT names an adapter's tensors, and the layout that such names tell. */
import { FedtuneError } from "../errors.ts";
import type { LinearModule } from "./kind.ts";
import { layoutOf, type FactorSpec, type Layout } from "./layout.ts";
import type { AdapterConfig } from "./peft-config.ts";
import type { TensorView } from "./safetensors.ts";

/** What PEFT puts before every name: its wrapper's path to the base model. */
const WRAPPER = "base_model.model.";
const LORA_NAME = /^(.+)\.lora_([AB])\.weight$/;

/**
 * The tensor's name of every factor, by the factor's name.
 *
 * Adapter factors: `base_model.model.<prefix><module>.lora_A.weight`; factors that are vectors have no `.weight`.
 * Head factors: `base_model.model.classifier.weight`, without the base model's prefix.
 */
export function peftTensorNames(layout: Layout, prefix: string): ReadonlyMap<string, string> {
  return new Map(
    layout.factors.map(({ name, role, shape }) => {
      if (role === "head") return [name, WRAPPER + name];
      return [name, `${WRAPPER}${prefix}${name}${shape.length === 2 ? ".weight" : ""}`];
    }),
  );
}

/**
 * The layout of a file's tensors: modules in natural order (`layer.2` before `layer.10`), then saved modules in the
 * order of the config, weight before bias.
 *
 * @throws FedtuneError `adapter-invalid` on a tensor that is neither, and on a module with only one of A and B
 */
export function peftLayout(
  tensors: ReadonlyMap<string, TensorView>,
  config: AdapterConfig,
  prefix: string,
): Layout {
  const modules = new Map<string, { A?: TensorView; B?: TensorView }>();
  const head: HeadTensor[] = [];
  for (const tensor of tensors.values()) {
    const path = strip(tensor.name, WRAPPER);
    const [, owner, letter] = LORA_NAME.exec(path) ?? [];
    if (owner === undefined) {
      head.push(headTensor(tensor, path, config));
    } else {
      const module = strip(owner, prefix, tensor.name);
      modules.set(module, { ...modules.get(module), [letter === "A" ? "A" : "B"]: tensor });
    }
  }
  const linear = [...modules].map(([name, pair]) => linearModule(name, pair));
  linear.sort((a, b) => naturally(a.name, b.name));
  head.sort(
    (a, b) => a.place - b.place || naturally(a.spec.module, b.spec.module) || a.bias - b.bias,
  );
  const { kind, rank, loraAlpha } = config;
  return layoutOf([
    ...linear.flatMap((module) => kind.factors(module, { rank, loraAlpha })),
    ...head.map(({ spec }) => spec),
  ]);
}

/** The rest of a name behind its prefix; `shown` is the name that an error gives. */
function strip(name: string, prefix: string, shown = name): string {
  if (name.startsWith(prefix)) return name.slice(prefix.length);
  throw invalidAdapterTensor(shown, `does not belong to a module "${prefix}..."`);
}

/** A head's factor and what it is ordered by. */
interface HeadTensor {
  readonly spec: FactorSpec;
  readonly place: number;
  readonly bias: number;
}

function headTensor(
  tensor: TensorView,
  path: string,
  { modulesToSave }: AdapterConfig,
): HeadTensor {
  const place = modulesToSave.findIndex((module) => path.startsWith(`${module}.`));
  if (place < 0)
    throw invalidAdapterTensor(tensor.name, "is neither lora_A nor lora_B nor in modules_to_save");
  const module = path.slice(0, path.lastIndexOf("."));
  const spec = { name: path, module, role: "head", shape: tensor.shape } as const;
  return { spec, place, bias: path.endsWith(".bias") ? 1 : 0 };
}

/** Sizes of the layer that A `[r, in]` and B `[out, r]` adapt. */
function linearModule(name: string, { A, B }: { A?: TensorView; B?: TensorView }): LinearModule {
  if (A === undefined || B === undefined) {
    const [there, missing] = A === undefined ? ["lora_B", "lora_A"] : ["lora_A", "lora_B"];
    throw invalidAdapterTensor(`${name}.${there}`, `has no ${missing} beside it`);
  }
  for (const { name: tensor, shape } of [A, B]) {
    if (shape.length === 2 && shape.every((extent) => extent > 0)) continue;
    throw invalidAdapterTensor(tensor, `has shape [${shape.join(", ")}], wanted two dimensions`);
  }
  return { name, in: A.shape[1] ?? 0, out: B.shape[0] ?? 0 };
}

/** Compares texts with their numbers as numbers. */
function naturally(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/(\d+)/));
  for (const [index, part] of (left ?? []).entries()) {
    const other = right?.[index] ?? "";
    if (part === other) continue;
    // Every second part is a number.
    if (index % 2 === 1) return Number(part) - Number(other) || (part < other ? -1 : 1);
    return part < other ? -1 : 1;
  }
  return (left?.length ?? 0) - (right?.length ?? 0);
}

/** The error of one tensor of an adapter's file. */
export function invalidAdapterTensor(tensor: string, problem: string): FedtuneError {
  const message = `Cannot read the adapter: tensor "${tensor.slice(0, 300)}" ${problem}`;
  return new FedtuneError("adapter-invalid", message, { data: { tensor } });
}
