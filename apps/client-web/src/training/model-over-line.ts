/** Brings the base model to the worker: progress goes to the page, signatures come from it. */
import { fromPlain } from "@fedtune/training/browser";
import { openKeptFiles } from "./kept-files.ts";
import type { FromTrainingWorker, ToTrainingWorker } from "./messages.ts";
import { bringModel } from "./model-files.ts";
import type { ModelFile } from "./types.ts";

type Authorized = Extract<ToTrainingWorker, { readonly type: "authorized" }>;

/** The model's part of the line between page and worker. */
export interface ModelLine {
  /** The files by name. @throws FedtuneError `blob-missing`, `blob-corrupt`, or what the page's signing threw */
  bring(): Promise<ReadonlyMap<string, Blob>>;
  /** The page has answered. */
  authorized(message: Authorized): void;
}

/** Progress is told after so many bytes. */
const TOLD_EVERY = 2 ** 18;

/** Nothing is fetched before `bring`. */
export function modelOverLine(
  model: readonly ModelFile[],
  tell: (message: FromTrainingWorker) => void,
): ModelLine {
  const asked = new Map<string, (answer: Authorized["answer"]) => void>();
  const totalBytes = model.reduce((sum, { bytes }) => sum + bytes, 0);
  let [loadedBytes, fetchedBytes, told] = [0, 0, -1];
  const onBytes = (ready: number, fetched: number): void => {
    loadedBytes += ready;
    fetchedBytes += fetched;
    if (loadedBytes < totalBytes && Math.abs(loadedBytes - told) < TOLD_EVERY) return;
    told = loadedBytes;
    const progress = { phase: "model", loadedBytes, totalBytes, fetchedBytes } as const;
    tell({ type: "loading", progress });
  };
  const headers = async ({ name }: ModelFile): Promise<Readonly<Record<string, string>>> => {
    const answer = await new Promise<Authorized["answer"]>((resolve) => {
      asked.set(name, resolve);
      tell({ type: "authorize", name });
    });
    if (answer.error !== undefined) throw fromPlain(answer.error);
    return answer.headers;
  };
  return {
    bring: async () => bringModel(model, { kept: await openKeptFiles(), headers, onBytes }),
    authorized({ name, answer }) {
      asked.get(name)?.(answer);
      asked.delete(name);
    },
  };
}
