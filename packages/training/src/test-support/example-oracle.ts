/** Gradients per example held against batches of one, for any family and any way to start an adapter, on any platform. */
import {
  adapterKind,
  adapterKinds,
  digest,
  initialAdapter,
  rngFromSeed,
  startingResidual,
} from "@fedtune/core";
import type { AdapterInit, FactorRole, Rng } from "@fedtune/core";
import type { Example } from "../data/batch.ts";
import type { Checkpoint } from "../models/checkpoint.ts";
import { describeModel } from "../models/describe.ts";
import { uploadModel } from "../models/device.ts";
import type { ModelConfig } from "../models/family.ts";
import { bindAdapter } from "../trainer/binding.ts";
import { exampleGradients, lossAndGradient, paddedFor } from "../trainer/gradient.ts";
import { openFold } from "../trainer/residuals.ts";
import { relativeNorm } from "./distances.ts";

/** A base model below `golden/` and what is trained on it. */
export interface Subject {
  readonly family: string;
  readonly folder: string;
  readonly task: "labels" | "language";
}

/** A base model of every family, and what is trained on it. */
export const subjects: readonly Subject[] = [
  { family: "bert", folder: "tiny-bert", task: "labels" },
  { family: "roberta", folder: "tiny-roberta", task: "labels" },
  { family: "distilbert", folder: "tiny-distilbert", task: "labels" },
  { family: "gpt2", folder: "decoders/tiny-gpt2", task: "language" },
  { family: "gpt2", folder: "decoders/tiny-gpt2-classifier", task: "labels" },
  { family: "llama", folder: "decoders/tiny-llama", task: "language" },
  { family: "llama", folder: "decoders/tiny-llama", task: "labels" },
  { family: "qwen2", folder: "decoders/tiny-qwen2", task: "language" },
  { family: "qwen2", folder: "decoders/tiny-qwen2", task: "labels" },
  { family: "vit", folder: "vit/tiny-vit-gray", task: "labels" },
];
/** A kind of adapter and how its first values are made. */
export interface Beginning {
  readonly kind: string;
  readonly init: AdapterInit;
}

/** Every kind with each of its inits that changes what is computed: of the random ones the first stands for all. */
export const beginnings: readonly Beginning[] = adapterKinds.flatMap(({ name, inits }) =>
  inits.filter((init) => init !== "gaussian").map((init) => ({ kind: name, init })),
);

/** Every kind with its default init: the others start from other values, and are computed in the same way from there. */
export const kindBeginnings: readonly Beginning[] = adapterKinds.map(({ name, inits: [init] }) => ({
  ...{ kind: name, init },
}));

/** A base model and an adapter on it. */
export interface Pair {
  readonly subject: Subject;
  readonly beginning: Beginning;
}

/** As few pairs as have every subject and every beginning: what a slow backend is held to instead of all of them. */
export const coveringPairs: readonly Pair[] = Array.from(
  { length: Math.max(subjects.length, beginnings.length) },
  (_, index) => ({ subject: at(subjects, index), beginning: at(beginnings, index) }),
);

function at<T>(values: readonly T[], index: number): T {
  const value = values[index % values.length];
  if (value === undefined) throw new RangeError("Cannot pair anything with nothing");
  return value;
}

const settings = { rank: 2, loraAlpha: 4 };
const labels = ["a", "b", "c"];
/** Padded to 16 together; alone, two of them to 8. */
const lengths = [3, 11, 6];

/** How gradients of one pass compare with those of a pass per example. */
export interface Compared {
  /** Largest over the examples of |found - wanted| / |wanted|. */
  readonly apart: number;
  /** The same between each example and the next one: how far apart two examples are. */
  readonly mixedUp: number;
  /** The factors' roles whose gradient is zero in every example: they would be equal whatever was computed. */
  readonly idle: readonly FactorRole[];
}

/**
 * Trains nothing: takes the gradients of three examples at random values near a first adapter on all linear layers, once
 * by {@link exampleGradients} and once by {@link lossAndGradient} of each example alone, on the current backend.
 *
 * @param load reads a checkpoint below `golden/`
 */
export async function compareWithBatchesOfOne(
  { subject: { folder, task }, beginning }: Pair,
  load: (folder: string) => Promise<Checkpoint>,
): Promise<Compared> {
  const choice = { beginning, labels: task === "labels" ? labels : [] };
  const job = await openJob(await load(folder), choice);
  try {
    const { model, binding, values } = job;
    const batch = paddedFor(model, job.examples);
    const { gradients: found } = await exampleGradients({ model, binding, batch }, values);
    const wanted: Float32Array[] = [];
    for (const example of job.examples) {
      const alone = { model, binding, batch: paddedFor(model, [example]) };
      wanted.push((await lossAndGradient(alone, values, 1)).gradient);
    }
    const turned = [...found.slice(1), ...found.slice(0, 1)];
    return {
      apart: Math.max(...distances(found, wanted)),
      mixedUp: Math.min(...distances(turned, wanted)),
      idle: idleRoles(job.binding.trained, wanted),
    };
  } finally {
    job.close();
  }
}

function distances(
  found: readonly Float32Array[],
  wanted: readonly Float32Array[],
): readonly number[] {
  return wanted.map((own, row) => relativeNorm(found[row] ?? [], own));
}

function idleRoles(
  trained: readonly { readonly role: FactorRole; readonly size: number }[],
  gradients: readonly Float32Array[],
): readonly FactorRole[] {
  let at = 0;
  const busy = new Set<FactorRole>();
  for (const { role, size } of trained) {
    const [from, to] = [at, (at += size)];
    if (gradients.some((own) => own.subarray(from, to).some((value) => value !== 0)))
      busy.add(role);
  }
  return [...new Set(trained.map(({ role }) => role))].filter((role) => !busy.has(role));
}

/** What of a job its adapter and head are made of. */
export interface JobChoice {
  readonly beginning: Beginning;
  readonly labels: readonly string[];
}

/** A model with a first adapter on all linear layers, values near it, and three examples; the caller closes it. */
export async function openJob(
  checkpoint: Checkpoint,
  { beginning: { kind, init }, labels }: JobChoice,
) {
  const { config } = checkpoint;
  const choice = { kind, ...settings, targetModules: ["all-linear"], labels };
  const description = describeModel(config, choice);
  const { layout, scaling } = description;
  const rng = rngFromSeed(17);
  const weights = (module: string): Float32Array =>
    checkpoint.weights.get(`${module}.weight`)?.values ?? new Float32Array();
  const begun = { ...settings, kind: adapterKind(kind), init, weights };
  const first = initialAdapter(layout, begun, rng.fork("adapter"));
  const residuals = startingResidual(
    layout,
    { hash: digest("0".repeat(64)), values: first },
    { init, scaling },
  );
  const model = uploadModel(checkpoint);
  await openFold(model).apply(residuals);
  // A first adapter has factors of zeros, over which nothing flows back.
  const step = rng.fork("step");
  const values = first.map((value) => value + 0.05 * step.normal());
  const roles = new Set(layout.factors.map(({ role }) => role));
  const train = [...roles].filter((role) => role !== "projection");
  const binding = bindAdapter(description, values, { kind, train });
  const examples = lengths.map((length, row) =>
    exampleOf(config, rng.fork(`example/${row}`), { length, row, labels }),
  );
  const close = (): void => {
    binding.dispose();
    model.dispose();
  };
  return { model, binding, values, examples, close };
}

/** Noise that the model can read; of a language model's text the second half is to be predicted. */
function exampleOf(
  { image, vocabularySize }: ModelConfig,
  rng: Rng,
  {
    length,
    row,
    labels,
  }: { readonly length: number; readonly row: number; readonly labels: readonly string[] },
): Example {
  const label = row % Math.max(1, labels.length);
  if (image !== null) {
    const size = image.height * image.width * image.channels;
    return { pixels: Uint8Array.from({ length: size }, () => rng.below(256)), label };
  }
  // The first few ids are special: padding is among them.
  const ids = Int32Array.from({ length }, () => 3 + rng.below(vocabularySize - 3));
  const text = { ids, types: new Int32Array(length), label };
  if (labels.length > 0) return text;
  return { ...text, predicted: Uint8Array.from(ids, (_, at) => (2 * at >= length ? 1 : 0)) };
}
