/** Training threads of this process. */
import type { Trainer } from "@fedtune/core";
import { trainerPool } from "@fedtune/simulation";
import { createWorkerTrainer } from "@fedtune/training/node";
import type { BackendRequest, ChosenBackend, WorkerTrainer } from "@fedtune/training/node";
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
): Promise<OpenTrainer> {
  // The name is checked by the chooser, which knows the platform's backends.
  const request = (backend ?? "auto") as BackendRequest;
  const trainer = createWorkerTrainer({ model: model.folder, backend: request });
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
  const first = await openTrainer(model, backend);
  const { name } = first.backend;
  const others = await Promise.all(
    Array.from({ length: count - 1 }, () => openTrainer(model, name)),
  );
  return {
    trainer: trainerPool([first.trainer, ...others.map(({ trainer }) => trainer)]),
    backend: name,
  };
}
