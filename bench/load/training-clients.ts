/** Clients that take part in a run and train nothing. */
import { memoryClientState, runClient } from "@fedtune/client";
import { clientId, runId } from "@fedtune/core";
import type { Trainer } from "@fedtune/core";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { shapeOf, told } from "./problem.ts";
import { transportTo } from "./transport.ts";

const { url, first, count, ...sizes } = told();
await train();

/** Takes part in the run; what it uploads differs from client to client, or the blob store would keep it once. */
async function train(): Promise<void> {
  const adapters = new Map<string, Float32Array>();
  // Real clients have a processor each: here each leaves the event loop a turn before the next one works.
  let turn: Promise<unknown> = Promise.resolve();
  const trainer = (k: number): Trainer => ({
    async train(job) {
      turn = turn.then(() => new Promise((resolve) => setTimeout(resolve, 10)));
      await turn;
      const factors = job.start.slice();
      factors[0] = (factors[0] ?? 0) + k * 1e-3;
      return { factors, examples: 1, metrics: {}, privacyEvents: [] };
    },
    evaluate: () => Promise.resolve({}),
    close: () => Promise.resolve(),
  });
  const ends = Array.from({ length: count }, (_, i) =>
    runClient(
      {
        transport: transportTo(url),
        ...{ state: memoryClientState(), clock: nodeClock, hash: nodeHash, entropy: nodeEntropy },
        ...{
          trainer: trainer(first + i),
          describe: () => Promise.resolve(shapeOf(sizes)),
        },
        adapters: {
          get: (hash) => adapters.get(hash),
          set(hash, values) {
            adapters.clear();
            adapters.set(hash, values);
          },
        },
      },
      {
        ...{ client: clientId(`training-${first + i}`), run: runId("training"), software: "bench" },
        ...{ data: { kind: "none" }, verify: false },
      },
    ),
  );
  const finished = (await Promise.all(ends)).filter(({ kind }) => kind === "finished").length;
  process.send?.({ finished });
}
