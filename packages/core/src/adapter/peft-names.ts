/** How PEFT names an adapter's tensors, and the layout that such names tell. */
import { FedtuneError } from "../errors.ts";
import { adapterLayout } from "./initial.ts";
import type { AdapterKind, LinearModule } from "./kind.ts";
import type { FactorSpec, Layout } from "./layout.ts";
import type { AdapterConfig } from "./peft-config.ts";
import type { PeftExtent, PeftForm } from "./peft-form.ts";
import type { TensorView } from "./safetensors.ts";

/** What PEFT puts before every name: its wrapper's path to the base model. */
const WRAPPER = "base_model.model.";
/** What it puts before factors that all modules share. */
const SHARED_WRAPPER = "base_model.";

/**
 * The tensor's name of every factor, by the factor's name.
 *
 * Adapter factors: `base_model.model.<prefix><module>.lora_A.weight`; factors that are vectors have no `.weight`.
 * Shared factors: `base_model.vera_A`. Head factors: `base_model.model.classifier.weight`, without the prefix.
 */
export function peftTensorNames(layout: Layout, prefix: string): ReadonlyMap<string, string> {
  return new Map(
    layout.factors.map(({ name, role, shape }) => {
      if (role === "head") return [name, WRAPPER + name];
      if (role === "projection") return [name, SHARED_WRAPPER + name];
      return [name, `${WRAPPER}${prefix}${name}${shape.length === 2 ? ".weight" : ""}`];
    }),
  );
}

/**
 * The layout of a file's tensors: modules in natural order (`layer.2` before `layer.10`), then saved modules in the
 * order of the config, weight before bias.
 *
 * @throws FedtuneError `adapter-invalid` on a tensor that is neither, and on a module that lacks one of its factors
 */
export function peftLayout(
  tensors: ReadonlyMap<string, TensorView>,
  config: AdapterConfig,
  prefix: string,
): Layout {
  const known = knownFactors(config.kind);
  const shared = new Map<string, TensorView>();
  const modules = new Map<string, Map<string, TensorView>>();
  const head: HeadTensor[] = [];
  for (const tensor of tensors.values()) {
    const bare = tensor.name.slice(SHARED_WRAPPER.length);
    if (tensor.name.startsWith(SHARED_WRAPPER) && known.shared.has(bare)) {
      shared.set(bare, tensor);
      continue;
    }
    const path = strip(tensor.name, WRAPPER);
    const { owner, factor } = lastName(path);
    if (known.own.has(factor)) {
      const module = strip(owner, prefix, tensor.name);
      const own = modules.get(module) ?? new Map<string, TensorView>();
      modules.set(module, own.set(factor, tensor));
    } else {
      head.push(headTensor(tensor, path, { config, known }));
    }
  }
  const linear = [...modules].map(([name, own]) => linearModule(name, { own, shared, known }));
  linear.sort((a, b) => naturally(a.name, b.name));
  head.sort(
    (a, b) => a.place - b.place || naturally(a.spec.module, b.spec.module) || a.bias - b.bias,
  );
  return adapterLayout(config.kind, config, {
    modules: linear,
    head: head.map(({ spec }) => spec),
  });
}

/** The factors that a kind writes, without their modules' names, and how many dimensions each has. */
interface KnownFactors {
  readonly form: PeftForm;
  readonly own: ReadonlyMap<string, number>;
  readonly shared: ReadonlyMap<string, number>;
}

function knownFactors(kind: AdapterKind): KnownFactors {
  if (kind.peft === null) throw new RangeError(`Cannot read kind "${kind.name}": PEFT has none`);
  const any = { name: "any", in: 1, out: 1 };
  const settings = { rank: 1, loraAlpha: 1 };
  const dimensions = (specs: readonly FactorSpec[], from: number): Map<string, number> =>
    new Map(specs.map(({ name, shape }) => [name.slice(from), shape.length]));
  return {
    form: kind.peft,
    own: dimensions(kind.factors(any, settings), `${any.name}.`.length),
    shared: dimensions(kind.shared?.([any], settings) ?? [], 0),
  };
}

/** `layer.query.lora_A.weight` is factor `lora_A` of `layer.query`. */
function lastName(path: string): { readonly owner: string; readonly factor: string } {
  const bare = path.endsWith(".weight") ? path.slice(0, -".weight".length) : path;
  const dot = bare.lastIndexOf(".");
  return { owner: bare.slice(0, Math.max(0, dot)), factor: bare.slice(dot + 1) };
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
  { config, known }: { readonly config: AdapterConfig; readonly known: KnownFactors },
): HeadTensor {
  const place = config.modulesToSave.findIndex((module) => path.startsWith(`${module}.`));
  if (place < 0) {
    const names = [...known.own.keys(), ...known.shared.keys()].join(" nor ");
    throw invalidAdapterTensor(tensor.name, `is neither ${names} nor in modules_to_save`);
  }
  const module = path.slice(0, path.lastIndexOf("."));
  const spec = { name: path, module, role: "head", shape: tensor.shape } as const;
  return { spec, place, bias: path.endsWith(".bias") ? 1 : 0 };
}

/** What a module's sizes are read from. */
interface ModuleTensors {
  readonly own: ReadonlyMap<string, TensorView>;
  readonly shared: ReadonlyMap<string, TensorView>;
  readonly known: KnownFactors;
}

/** Sizes of the layer that a module's factors adapt. */
function linearModule(name: string, { own, shared, known }: ModuleTensors): LinearModule {
  const [there = ""] = own.keys();
  for (const [factor, dimensions] of known.own)
    checkDimensions(own.get(factor), { there: `${name}.${there}`, factor, dimensions });
  for (const [factor, dimensions] of known.shared)
    checkDimensions(shared.get(factor), { there: `${name}.${there}`, factor, dimensions });
  const extent = ({ factor, axis }: PeftExtent): number =>
    (own.get(factor) ?? shared.get(factor))?.shape[axis] ?? 0;
  const { sizes } = known.form;
  return { name, in: extent(sizes.in), out: extent(sizes.out) };
}

function checkDimensions(
  tensor: TensorView | undefined,
  wanted: { readonly there: string; readonly factor: string; readonly dimensions: number },
): void {
  const { there, factor, dimensions } = wanted;
  if (tensor === undefined) throw invalidAdapterTensor(there, `has no ${factor} beside it`);
  const { name, shape } = tensor;
  if (shape.length === dimensions && shape.every((extent) => extent > 0)) return;
  const words = dimensions === 1 ? "one dimension" : "two dimensions";
  throw invalidAdapterTensor(name, `has shape [${shape.join(", ")}], wanted ${words}`);
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
