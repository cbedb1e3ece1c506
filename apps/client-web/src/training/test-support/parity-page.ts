/** A page that runs parity work in a worker of its own for each backend. */
import type { ParityAnswer, ParityRequest } from "./parity-plain.ts";

/** What a test calls. */
export interface ParityHarness {
  run(request: ParityRequest): Promise<ParityAnswer>;
}

const harness: ParityHarness = {
  run: (request) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL("./parity-worker.ts", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }: MessageEvent<ParityAnswer>) => {
        worker.terminate();
        resolve(data);
      };
      worker.onerror = ({ message }) => reject(new Error(message));
      worker.postMessage(request);
    }),
};
(globalThis as unknown as { harness: ParityHarness }).harness = harness;
