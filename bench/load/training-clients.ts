/** Clients that take part in a run and train nothing. */
import { memoryClientState, runClient } from "@fedtune/client";
import type { Signer } from "@fedtune/client";
import { fileClientState } from "@fedtune/client-node";
import { clientId, runId } from "@fedtune/core";
import type { ClientState, ClientTransport, Trainer } from "@fedtune/core";
import { nodeClock, nodeEntropy, nodeHash } from "@fedtune/node-ports";
import { join } from "node:path";
import { identityOf } from "./identities.ts";
import { shapeOf, told, workMeter } from "./problem.ts";
import { transportTo } from "./transport.ts";

const { url, folder, first, count, ...sizes } = told();
await train();

function stateOf(k: number): ClientState {
  if (!sizes.durable) return memoryClientState();
  return fileClientState(join(folder, "clients", String(k)), nodeHash);
}

function transportOf(k: number): ClientTransport {
  if (!sizes.signed) return transportTo(url);
  const ports = { wallTime: () => Date.now(), entropy: nodeEntropy };
  const who = { run: runId("training"), client: clientId(`training-${k}`) };
  const signer: Signer = { ...who, identity: identityOf(k), ports };
  return transportTo(url, signer);
}

/** Takes part in the run; what it uploads differs from client to client, or the blob store would keep it once. */
async function train(): Promise<void> {
  const work = workMeter();
  process.on("message", () => process.send?.(work()));
  const adapters = new Map<string, Float32Array>();
  const trainer = (k: number): Trainer => ({
    async train(job) {
      // Real clients have a processor each: here one does not start before what came for the others was seen to.
      await new Promise((resolve) => setImmediate(resolve));
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
        ...{ transport: transportOf(first + i), state: stateOf(first + i) },
        ...{ clock: nodeClock, hash: nodeHash, entropy: nodeEntropy },
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
