/** What the cells of an experiment compute with: one backend with one thread, so that a cell's bytes are the same everywhere. */
import { FedtuneError } from "@fedtune/core";
import { chooseBackend, createWorkerTrainer } from "@fedtune/training/node";
import type {
  BackendName,
  BackendRequest,
  ChosenBackend,
  WorkerTrainer,
} from "@fedtune/training/node";
import type { BaseModel } from "../run/base-model.ts";

/** A backend as cells use it. */
export interface Engine {
  readonly backend: BackendName;
  /** For people and hashes, `wasm, own kernels, 1 thread`. */
  readonly text: string;
}

/** The same on every machine. */
const standard: Engine = { backend: "wasm", text: "wasm, own kernels, 1 thread" };

/**
 * The engine of a backend's name; without one, wasm with our own kernels.
 *
 * @throws FedtuneError `backend-unavailable`, `backend-broken`
 */
export async function engineOf(wanted: string | undefined): Promise<Engine> {
  if (wanted === undefined || wanted === standard.backend) return standard;
  // The chooser knows the platform's backends.
  const chosen = await chooseBackend(wanted as BackendRequest, { threads: 1 });
  return { backend: chosen.name, text: engineText(chosen) };
}

/** How a chosen backend is called. */
function engineText({ name, kernels, threads }: ChosenBackend): string {
  if (name !== standard.backend) return name;
  return `${name}, ${kernels} kernels, ${threads} thread${threads === 1 ? "" : "s"}`;
}

/**
 * Opens a trainer on an engine.
 *
 * @throws FedtuneError as the trainer's start does; `backend-broken` where the machine gives another engine
 */
export async function openEngine(model: BaseModel, engine: Engine): Promise<WorkerTrainer> {
  const trainer = createWorkerTrainer({
    model: model.folder,
    backend: engine.backend,
    threads: 1,
  });
  try {
    const chosen = await trainer.ready();
    if (engineText(chosen) === engine.text) return trainer;
    throw new FedtuneError(
      "backend-broken",
      `Cannot play cells on "${engine.text}": this machine gives "${engineText(chosen)}" (${chosen.notes.join("; ")})`,
      { data: { wanted: engine.text, found: engineText(chosen) } },
    );
  } catch (error) {
    await trainer.close();
    throw error;
  }
}
