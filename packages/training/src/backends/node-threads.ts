/** Helping threads in Node. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { ThreadPlatform, ThreadSetup } from "./kernels/threads.ts";
import { threadBody } from "./kernels/threads.ts";

const START_DEADLINE_MS = 10_000;
const source = `
const { parentPort, workerData: given } = require("node:worker_threads");
const tell = (word) => parentPort.postMessage(word);
${threadBody}`;

/** Worker threads, which sleep between tasks and do not keep the process alive. */
export const nodeThreads: ThreadPlatform = {
  cores: availableParallelism(),
  maySleep: true,
  readStockBinary() {
    const { resolve } = createRequire(import.meta.url);
    // The package's main file stands beside its binaries.
    const main = resolve("@tensorflow/tfjs-backend-wasm");
    return readFile(new URL("tfjs-backend-wasm-simd.wasm", pathToFileURL(main)));
  },
  startThread: (setup) => startWorker(setup),
};

function startWorker(setup: ThreadSetup): Promise<void> {
  // A thread of four lines needs none of the loaders that this process may have been started with.
  const worker = new Worker(source, { eval: true, workerData: setup, execArgv: [] });
  return new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      void worker.terminate();
      reject(new Error(`a thread did not start within ${START_DEADLINE_MS} ms`));
    }, START_DEADLINE_MS);
    worker.once("message", () => {
      clearTimeout(timer);
      worker.unref();
      resolve();
    });
    worker.once("error", (error: Error) => {
      clearTimeout(timer);
      reject(error);
    });
  });
}
