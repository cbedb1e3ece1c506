/**
 * Entry of the training worker: what the page says is kept until the engine is there.
 *
 * Schemas must know before they are made that no code may be made from text here: zod would try, and the page's content
 * security policy would report it. Hence the import that waits.
 */
import type { FromTrainingWorker, ToTrainingWorker } from "./messages.ts";
import type { TrainingWorker } from "./training-worker.ts";

(globalThis as { __zod_globalConfig?: object }).__zod_globalConfig = { jitless: true };

const engine = import("./training-worker.ts");
let worker: Promise<TrainingWorker> | null = null;

addEventListener("message", ({ data }: MessageEvent<ToTrainingWorker>) => {
  if (data.type !== "setup") {
    void worker?.then((started) => started.receive(data));
    return;
  }
  worker = engine.then(({ startTrainingWorker }) => startTrainingWorker(data.setup));
  worker.catch((error: unknown) => {
    const message = `Cannot load the engine: ${error instanceof Error ? error.message : String(error)}`;
    const failure = { code: "training-failed", message, data: { reason: "crashed" } } as const;
    postMessage({ type: "failed", error: failure } satisfies FromTrainingWorker);
  });
});
