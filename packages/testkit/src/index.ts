export { adapters, layouts, updates, vectors } from "./arbitraries.ts";
export { expectClose, expectSameBits, relativeDistance } from "./compare.ts";
export { allowConsole } from "./console.ts";
export { loadGolden } from "./golden.ts";
export type { MethodGolden, Provenance } from "./golden.ts";
export { nodeHash } from "./hash.ts";
export {
  ignoresZeroWeight,
  orderOnlyRounds,
  permutationInvariant,
  pure,
  scaleInvariant,
} from "./laws.ts";
export type { Aggregation } from "./laws.ts";
export { methodBench, tierIn } from "./method/bench.ts";
export type { BenchOptions, MethodBench } from "./method/bench.ts";
export { caughtUp } from "./method/client.ts";
export type { ToyClient, ToyTraining } from "./method/client.ts";
export { methodConformance } from "./method/conformance.ts";
export type { ConformanceOptions } from "./method/conformance.ts";
export { openFederation, playRound } from "./method/federation.ts";
export type { Federation, PlayedRound, RoundOptions } from "./method/federation.ts";
export { randomRound } from "./method/law.ts";
export type { SkippedRule } from "./method/law.ts";
export { effectiveUpdate, effectOf } from "./method/product.ts";
export { toyProblem } from "./method/toy-problem.ts";
export type { ToyProblem, ToySettings } from "./method/toy-problem.ts";
export { toyData, toyLayout, toyPoint, toyTrainer } from "./toy-trainer.ts";
export { mortalPorts } from "./mortal-ports.ts";
export type { CallPoint, LifePorts, MortalPorts, Verdict } from "./mortal-ports.ts";
export { mailbox } from "./mailbox.ts";
export type { Mailbox } from "./mailbox.ts";
export { canMountDisks, mountSmallDisk } from "./small-disk.ts";
export type { SmallDisk } from "./small-disk.ts";
export { clientStateConformance, expectSameRecord, recordOf } from "./suites/client-state.ts";
export type { ClientStateBench } from "./suites/client-state.ts";
export { blobsConformance } from "./suites/store-blobs.ts";
export type { BlobsBench } from "./suites/store-blobs.ts";
export { storeConformance } from "./suites/store.ts";
export type { StoreBench } from "./suites/store.ts";
export { transportConformance } from "./suites/transport.ts";
export type { TransportBench } from "./suites/transport-bench.ts";
