/** A small run without a base model, and a server for it. */
import { combiners, methods } from "@fedtune/aggregators";
import {
  adapterKinds,
  memoryBlobs,
  memoryStore,
  prepareRun,
  resolveRun,
  runId,
} from "@fedtune/core";
import type { RunSetup } from "@fedtune/core";
import { nodeHash } from "@fedtune/node-ports";
import { toyLayout } from "@fedtune/testkit";
import type { CoordinatorServer, ServerOptions } from "../start-server.ts";
import { startServer } from "../start-server.ts";

export const layout = toyLayout();
export const modules = [
  { name: "a", in: 6, out: 5 },
  { name: "b", in: 4, out: 3 },
];

/** What people would write. */
export interface ToyConfig {
  readonly name?: string;
  readonly participants?: readonly string[];
  readonly rounds?: Readonly<Record<string, number | string>>;
  readonly method?: Readonly<Record<string, unknown>>;
}

/** The config of a toy run as its owner writes it. */
export function toyConfig({ name = "toy", participants, rounds, method }: ToyConfig = {}) {
  return {
    name,
    task: { kind: "sequence-classification", labels: ["no", "yes"] },
    adapter: { rank: 2 },
    method: method ?? { name: "fedavg" },
    training: { learningRate: 0.2 },
    rounds: { numRounds: 4, ...rounds },
    ...(participants === undefined ? {} : { participants }),
  };
}

/** A prepared toy run. */
export function toySetup(config: ToyConfig = {}): RunSetup {
  const resolved = resolveRun(
    toyConfig(config),
    { methods, combiners, kinds: adapterKinds },
    nodeHash,
  );
  return prepareRun(runId(resolved.config.name), resolved, {
    describe: () => ({ layout, modules }),
    hash: nodeHash,
  });
}

/** A server on a free port over fresh memory. */
export function toyServer(options: Partial<ServerOptions> = {}): Promise<CoordinatorServer> {
  return startServer({ port: 0, store: memoryStore(), blobs: memoryBlobs(), runs: [], ...options });
}
