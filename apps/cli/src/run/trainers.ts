/** Training threads of this process. */
import type { Trainer } from "@fedtune/core";
import { trainerPool } from "@fedtune/simulation";
import { createWorkerTrainer } from "@fedtune/training/node";
import type { BackendRequest, ChosenBackend, WorkerTrainer } from "@fedtune/training/node";
import { availableParallelism } from "node:os";
import type { BaseModel } from "./base-model.ts";

/** A trainer whose model is loaded, and where it computes. */
export interface OpenTrainer {
  readonly trainer: WorkerTrainer;
  readonly backend: ChosenBackend;
}

/**
 * One trainer in a thread of its own.
 *
 * @throws FedtuneError `backend-unavailable`, `backend-broken`, `model-invalid`, `tokenizer-mismatch`
 */
export async function openTrainer(
  model: BaseModel,
  backend: string | undefined,
  threads: number | "auto" = "auto",
): Promise<OpenTrainer> {
  // The name is checked by the chooser, which knows the platform's backends.
  const request = (backend ?? "auto") as BackendRequest;
  const trainer = createWorkerTrainer({ model: model.folder, backend: request, threads });
  return { trainer, backend: await trainer.ready() };
}

/** Several alike, as one. */
export interface TrainerPool {
  readonly trainer: Trainer;
  /** Name of the backend that they all use. */
  readonly backend: string;
}

/** Opens `count` trainers; all use the backend that the first one chose. */
export async function openTrainers(
  model: BaseModel,
  backend: string | undefined,
  count: number,
): Promise<TrainerPool> {
  // Trainers that work at the same time share the cores.
  const threads = count === 1 ? "auto" : Math.max(1, Math.floor(availableParallelism() / count));
  const first = await openTrainer(model, backend, threads);
  const { name } = first.backend;
  const others = await Promise.all(
    Array.from({ length: count - 1 }, () => openTrainer(model, name, threads)),
  );
  return {
    trainer: trainerPool([first.trainer, ...others.map(({ trainer }) => trainer)]),
    backend: name,
  };
}
