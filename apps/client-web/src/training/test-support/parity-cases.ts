/** The golden models as parity cases, and what PyTorch made of them. */
import { selectRoles } from "@fedtune/core";
import type { FactorRole } from "@fedtune/core";
import { describeModel, loadCheckpoint } from "@fedtune/training";
import { nodeFiles } from "@fedtune/training/node";
import {
  asPadded,
  flatten,
  goldenChoice,
  goldenJson,
  goldenPath,
  goldenStart,
  goldenTensors,
} from "../../../../../packages/training/src/test-support/golden.ts";
import type { GoldenBatch } from "../../../../../packages/training/src/test-support/golden.ts";
import type { ParityCase, ParityResult, StepperName } from "./parity-work.ts";

interface TrainGolden {
  readonly base: string;
  readonly batch: GoldenBatch;
  readonly labels: readonly number[];
  readonly loss: number;
  readonly runs: Readonly<Record<StepperName, { readonly losses: readonly number[] }>>;
}

/** Golden adapters and what of them is trained; the first is the smallest, the first three have one of each family. */
export const goldenAdapters: readonly [name: string, train: readonly FactorRole[]][] = [
  ["tiny-bert-lora", ["down", "up", "head"]],
  ["tiny-roberta-lora", ["down", "up", "head"]],
  ["tiny-distilbert-lora", ["down", "up", "head"]],
  ["tiny-bert-dora-all-linear", ["down", "up", "magnitude", "head"]],
  ["tiny-bert-all-linear", ["down", "up", "head"]],
  ["tiny-bert-vera", ["down", "up", "head"]],
  ["tiny-bert-lora-xs", ["down", "up", "core", "head"]],
];

/** A case whose checkpoint lies below `base`, and what is expected of it. */
export async function goldenCase(
  [adapter, train]: (typeof goldenAdapters)[number],
  base: string,
): Promise<{ readonly given: ParityCase; readonly expected: ParityResult }> {
  const golden = goldenJson<TrainGolden>(`train/${adapter}/golden.json`);
  const checkpoint = await loadCheckpoint(nodeFiles, goldenPath(golden.base));
  const choice = goldenChoice(
    adapter,
    golden.base === "tiny-roberta" ? ["no", "yes"] : ["a", "b", "c"],
  );
  const { layout, prefix } = describeModel(checkpoint.config, choice);
  const pack = (file: string) =>
    flatten(
      goldenTensors(`train/${adapter}/${file}.safetensors`),
      selectRoles(layout, train),
      prefix,
    );
  const run = (name: StepperName) => ({
    losses: golden.runs[name].losses.slice(0, 5),
    parameters: pack(name),
  });
  const { logits } = goldenJson<{ logits: number[][] }>(`peft/${adapter}/golden.json`);
  return {
    given: {
      name: adapter,
      base: `${base}/${golden.base}`,
      ...{ choice, train },
      start: flatten(goldenStart(adapter), layout, prefix),
      batch: asPadded(golden.batch, golden.labels),
    },
    expected: {
      logits: Float32Array.from(logits.flat()),
      loss: golden.loss,
      gradient: pack("gradients"),
      runs: { sgd: run("sgd"), momentum: run("momentum"), adamw: run("adamw") },
    },
  };
}
