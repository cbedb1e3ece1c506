/** A trainer in a thread whose graphics device can be lost, from outside, in the middle of a step. */
import type { ChosenBackend } from "../backends/backend.ts";
import type { WorkerTrainer } from "../backends/worker-trainer.ts";
import { createWorkerTrainer } from "../backends/worker-trainer.ts";
import { goldenPath } from "./golden.ts";

/** Places in the numbers that both threads see: reads that lose the device, and whether none is there any more. */
export const faults = { loseNow: 0, stayAway: 1 } as const;

/** What the thread is told beside its setup. */
export interface FragileSetup {
  readonly fault: SharedArrayBuffer;
  /** The processor under another name, or Dawn's on any adapter. */
  readonly device: "imitated" | "dawn";
}

/** The trainer and its faults. */
export interface FragileTrainer {
  readonly trainer: WorkerTrainer;
  /** The backend of every thread so far. */
  readonly backends: readonly string[];
  /** The next read from the device finds it gone. */
  lose(): void;
  /** From now on no device is there when a thread starts. */
  stayAway(): void;
}

/** Opens one over tiny-bert; the caller closes the trainer. */
export function fragileTrainer(device: FragileSetup["device"]): FragileTrainer {
  const fault = new SharedArrayBuffer(8);
  const numbers = new Int32Array(fault);
  const setup = { model: goldenPath("tiny-bert"), backend: "auto", fault, device } as const;
  const entry = new URL("./fragile-worker.ts", import.meta.url);
  const backends: string[] = [];
  const onReady = ({ name }: ChosenBackend): void => void backends.push(name);
  return {
    trainer: createWorkerTrainer(setup, { entry, onReady }),
    backends,
    lose: () => void Atomics.store(numbers, faults.loseNow, 1),
    stayAway: () => void Atomics.store(numbers, faults.stayAway, 1),
  };
}
