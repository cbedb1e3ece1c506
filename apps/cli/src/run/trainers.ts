/** Training threads of this process. */
import type { Trainer } from "@fedtune/core";
import { trainerPool } from "@fedtune/simulation";
import type { BasePrecision } from "@fedtune/training";
import { createWorkerTrainer, peakMemoryBytes } from "@fedtune/training/node";
import type {
  BackendRequest,
  ChosenBackend,
  KernelOptions,
  MatmulPrecision,
  WorkerTrainer,
} from "@fedtune/training/node";
import { availableParallelism } from "node:os";
import type { BaseModel } from "./base-model.ts";
import { bytesText } from "./report-text.ts";

/** What the user wants computed with what; what is left open is chosen. */
export interface ComputeOptions {
  readonly backend?: string | undefined;
  readonly basePrecision?: BasePrecision | undefined;
  readonly matmulPrecision?: MatmulPrecision | undefined;
  readonly threads?: number | undefined;
  readonly kernels?: KernelOptions["kernels"] | undefined;
}

/** The same wishes as arguments of another process of this program. */
export function computeArguments(options: ComputeOptions): readonly string[] {
  const { backend, basePrecision, matmulPrecision, threads, kernels } = options;
  const precisions = { "base-precision": basePrecision, "matmul-precision": matmulPrecision };
  const given = { backend, ...precisions, threads, kernels };
  return Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
}

/** A backend for people; what large products are computed in is said where it was asked for. */
export function backendText(
  { name, matmulPrecision = "f32", notes }: ChosenBackend,
  { matmulPrecision: wanted = "f32" }: ComputeOptions,
): string {
  if (wanted === "f32") return name;
  const reasons = notes.filter((note) => note.startsWith(`${name}: `));
  return [`${name}, large products in ${matmulPrecision}`, ...reasons].join("; ");
}

/** A trainer whose model is loaded, and where it computes. */
export interface OpenTrainer {
  readonly trainer: WorkerTrainer;
  readonly backend: ChosenBackend;
}

/** What else a trainer is opened with. */
export interface TrainerSurroundings {
  /** How many such trainers share this machine; default 1. */
  readonly trainers?: number;
  /** Called with the backend whenever there is one: at first, and after a crash or the loss of a device. */
  readonly onBackend?: (backend: ChosenBackend) => void;
}

/**
 * One trainer in a thread of its own.
 *
 * @throws FedtuneError `backend-unavailable`, `backend-broken`, `model-invalid`, `tokenizer-mismatch`
 */
export async function openTrainer(
  model: BaseModel,
  compute: ComputeOptions,
  { trainers = 1, onBackend }: TrainerSurroundings = {},
): Promise<OpenTrainer> {
  const { backend, basePrecision = "f32", matmulPrecision = "f32", kernels = "own" } = compute;
  const trainer = createWorkerTrainer(
    {
      model: model.folder,
      // The name is checked by the chooser, which knows the platform's backends.
      backend: (backend ?? "auto") as BackendRequest,
      ...{ basePrecision, matmulPrecision, kernels, trainers },
      threads: compute.threads ?? "auto",
    },
    onBackend === undefined ? {} : { onReady: onBackend },
  );
  return { trainer, backend: await trainer.ready() };
}

/** Several alike, as one. */
export interface TrainerPool {
  readonly trainer: Trainer;
  /** The backend that they all use, for people. */
  readonly backend: string;
}

/** Opens `count` trainers; all use the backend that the first one chose. */
export async function openTrainers(
  model: BaseModel,
  compute: ComputeOptions,
  count: number,
): Promise<TrainerPool> {
  // Trainers that work at the same time share the cores.
  const share = Math.max(1, Math.floor(availableParallelism() / count));
  const threads = compute.threads ?? (count === 1 ? undefined : share);
  const first = await openTrainer(model, { ...compute, threads }, { trainers: count });
  const { name } = first.backend;
  const others = await Promise.all(
    Array.from({ length: count - 1 }, () =>
      openTrainer(model, { ...compute, backend: name, threads }, { trainers: count }),
    ),
  );
  return {
    trainer: trainerPool([first.trainer, ...others.map(({ trainer }) => trainer)]),
    backend: backendText(first.backend, compute),
  };
}

/** The most that this process had in memory, for people. It is told here alone: updates and metrics never carry it. */
export function peakMemoryText(): string {
  return `Peak memory of this process: ${bytesText(peakMemoryBytes())}`;
}
