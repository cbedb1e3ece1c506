/** What this device's own adapter is worth at the end of a run, on the examples that training never saw. */
import type { DataRef, EvaluateJob, RunId, Trainer } from "@fedtune/core";
import type { KeptAdapter } from "../storage/own-adapter.ts";
import type { Observer, Sightings } from "./observer.ts";
import { heldOut, tellAccuracy } from "./observed-trainer.ts";

/** What a measurement needs of a session. */
export interface EndedSession {
  readonly trainer: Trainer;
  readonly rows: DataRef;
  readonly options: {
    readonly run: RunId;
    readonly observer: Observer;
    readonly sightings: Sightings;
  };
  readonly adapter: () => KeptAdapter | null;
}

const BATCH = 32;

/** Measures where a run holds examples out; a measurement that fails is left out. */
export async function measureFinal(session: EndedSession): Promise<void> {
  const { trainer, rows, options } = session;
  const adapter = session.adapter();
  if (adapter === null || adapter.spec.holdout === 0) return;
  if (options.sightings.measured.has(adapter.round)) return;
  const { fraction, part } = { fraction: adapter.spec.holdout, part: "train" } as const;
  const data = heldOut({ ...rows, holdout: { fraction, part } });
  if (data === null) return;
  const job = { ...adapterJob(adapter, options.run), data, batchSize: BATCH };
  const signal = new AbortController().signal;
  const found = await trainer.evaluate(job, { signal }).catch(() => null);
  if (found !== null) tellAccuracy(options, adapter.round, found);
}

/** A job of an adapter as it was kept, but for its data. */
export function adapterJob(
  { spec, values }: KeptAdapter,
  run: RunId,
): Omit<EvaluateJob, "data" | "batchSize"> {
  const { adapter, task, training } = spec;
  const { rank } = adapter;
  return {
    ...{ run, rank, adapter, task, start: values },
    residuals: [],
    maxLength: training.maxLength,
  };
}
